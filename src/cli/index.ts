/**
 * The command line: parses arguments, runs one command, answers with an exit code. Everything it needs of the
 * process comes in as a `World`.
 */
import { Command, CommanderError } from 'commander';
import { registerCat } from './commands/cat.ts';
import { registerDiff } from './commands/diff.ts';
import { registerInit } from './commands/init.ts';
import { registerList } from './commands/ls.ts';
import { registerPack } from './commands/pack.ts';
import { registerRestore } from './commands/restore.ts';
import { registerSnapshots } from './commands/snapshots.ts';
import { registerStats } from './commands/stats.ts';
import { registerVerify } from './commands/verify.ts';
import { Context } from './context.ts';
import { registerDoctor } from './doctor/doctor.ts';
import { registerDrift } from './drift/drift.ts';
import { codedError, exitCodeOf, usageError } from './exit.ts';
import { registerExperiments } from './experiments/experiments.ts';
import { registerMeasure } from './models/measure.ts';
import { registerScore } from './models/score.ts';
import { registerTelemetry } from './models/telemetry.ts';
import { registerTrain } from './models/train.ts';
import { registerTune } from './models/tune.ts';
import { registerJobs } from './online/jobs.ts';
import { registerOnline } from './online/online.ts';
import { registerPolicy } from './online/policy.ts';
import { registerWorker } from './online/worker.ts';
import { OutputClosed } from './output.ts';
import { registerAudit } from './registry/audit.ts';
import { registerBackup } from './registry/backup.ts';
import { registerModels } from './registry/models.ts';
import { registerRollout } from './rollout/rollout.ts';
import { registerShadow } from './rollout/shadow.ts';
import { registerFind } from './search/find.ts';
import { registerSimilar } from './search/similar.ts';
import { registerKeys } from './server/keys.ts';
import { registerServe } from './server/serve.ts';
import { jsonText, safeText } from './text.ts';
import { registerCopy } from './upkeep/copy.ts';
import { registerForget } from './upkeep/forget.ts';
import { registerKey } from './upkeep/key.ts';
import { registerOptimize } from './upkeep/optimize.ts';
import { registerPrune } from './upkeep/prune.ts';
import { registerRepair } from './upkeep/repair.ts';
import type { World } from './world.ts';

export { CAUSES, type Cause } from './doctor/doctor.ts';
export { type SignalSource, watchSignals } from './interrupt.ts';
export { readPasswordFile } from './passwords.ts';
export type {
  KeyKeeper,
  PortChoices,
  RunningServer,
  ServerChoices,
  ServerProgram,
  Settings,
  Usage,
  World,
} from './world.ts';

const COMMANDS = [
  registerPack,
  registerRestore,
  registerSnapshots,
  registerList,
  registerCat,
  registerDiff,
  registerFind,
  registerSimilar,
  registerVerify,
  registerStats,
  registerInit,
  registerForget,
  registerPrune,
  registerRepair,
  registerOptimize,
  registerCopy,
  registerKey,
  registerMeasure,
  registerTrain,
  registerTune,
  registerScore,
  registerTelemetry,
  registerModels,
  registerAudit,
  registerBackup,
  registerExperiments,
  registerDrift,
  registerRollout,
  registerShadow,
  registerOnline,
  registerPolicy,
  registerJobs,
  registerWorker,
  registerDoctor,
  registerServe,
  registerKeys,
];

/** Runs one command line; resolves to the exit code. Aborting `signal` stops it cleanly. */
export async function runCommandLine(
  argv: readonly string[],
  world: World,
  signal: AbortSignal,
): Promise<number> {
  const context = new Context(world, signal);
  const program = makeProgram(context);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    await context.output.flush();
    return context.exitCode;
  } catch (error) {
    const asked = error instanceof CommanderError && !isHelp(error) ? asUsage(error, program, argv) : error;
    return await fail(context, asked, argv.includes('--json'));
  }
}

function makeProgram(context: Context): Command {
  const program = new Command('pilotfish')
    .description('Stores directories in a content-addressed repository and restores them bit for bit.')
    .version(context.world.version, '--version', 'print the version')
    .helpOption('--help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    // Descriptions beside long names of commands wrap too, within the 80 columns of a terminal.
    .configureHelp({ minWidthToWrap: 20 })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.world.stdout.write(text),
      writeErr: (text) => context.world.stderr.write(text),
      outputError: () => undefined,
    });
  for (const register of COMMANDS) register(program, context);
  return program;
}

async function fail(context: Context, error: unknown, isJson: boolean): Promise<number> {
  context.terminal.status('');
  if (error instanceof OutputClosed) return context.exitCode;
  if (error instanceof CommanderError) return error.exitCode;
  const coded = codedError(error);
  context.terminal.line(safeText(`pilotfish: ${coded.code}: ${coded.message}`));
  if (context.world.settings.isDebug) context.terminal.line(safeStack(coded));
  const { code, message } = coded;
  await tell(context, isJson && !context.hasToldJson ? `${jsonText({ error: { code, message } })}\n` : '');
  return exitCodeOf(coded);
}

/** Help that was asked for ends with 0; help shown because no command was named, with 1. */
const isHelp = (error: CommanderError): boolean =>
  ['commander.help', 'commander.helpDisplayed', 'commander.version'].includes(error.code);

/** What is wrong, and where the command that was meant is explained. */
function asUsage(error: CommanderError, program: Command, argv: readonly string[]): Error {
  const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
  let [command, path] = [program, program.name()];
  for (const argument of argv) {
    const next = command.commands.find((each) => each.name() === argument);
    if (next === undefined) break;
    [command, path] = [next, `${path} ${argument}`];
  }
  return usageError(`${message}: see \`${path} --help\``);
}

function safeStack(error: Error): string {
  const cause = error.cause instanceof Error ? `\n${error.cause.stack}` : '';
  return `${error.stack}${cause}`.split('\n').map(safeText).join('\n');
}

/** Last words on stdout, and what was written before them, unless nobody takes them. */
async function tell(context: Context, text: string): Promise<void> {
  if (context.output.isStalled) return;
  try {
    await context.output.write(text);
    await context.output.flush();
  } catch {
    // Nobody reads; the line on stderr and the exit code say it.
  }
}
