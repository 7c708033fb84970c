import { once } from 'node:events';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { codedError } from '../exit.ts';
import { wholeNumber } from '../options.ts';
import { counted, safeText } from '../text.ts';
import type { RunningServer, ServerChoices } from '../world.ts';
import { MAX_PORT, MAX_RATE, readServeFile, type ServeFile } from './config-file.ts';
import { serverOf } from './program.ts';
import {
  changedKeys,
  dataOf,
  LIVE,
  type ServeFlags,
  type ServeSettings,
  serveSettings,
  settingsText,
  shownSettings,
  tuningOf,
} from './serve-settings.ts';

interface ServeOptions extends ServeFlags {
  readonly printConfig?: true;
  readonly json?: true;
}

const EXAMPLES = [
  'pilotfish serve --data DIR',
  'pilotfish serve --data DIR --port 5000 --host 0.0.0.0     with keys of `pilotfish keys create`, or PILOTFISH_TOKEN',
  'pilotfish serve --config /etc/pilotfish/serve.json        read anew at SIGHUP',
];

/** Adds `serve`. */
export function registerServe(program: Command, context: Context): void {
  const port = (name: string) => wholeNumber(name, { min: 0, max: MAX_PORT });
  program
    .command('serve')
    .description('serve a registry and its models over HTTP, until it is interrupted')
    .option('--data <dir>', 'the data directory; made if need be')
    .option('--config <file>', 'settings as JSON, for what no flag says; read anew at SIGHUP')
    .option('--port <n>', 'where to listen (5000); 0: any that is free', port('--port'))
    .option('--grpc-port <n>', 'where to answer gRPC as well; 0: any that is free', port('--grpc-port'))
    .option('--host <address>', 'what to listen on; other than this machine only with a key')
    .option('--insecure', 'answer other machines without a key')
    .option('--models <dir>', 'models to register at the start, one folder each (or in PILOTFISH_MODELS)')
    .option(
      '--rate-limit <n>',
      'requests a second of one client',
      wholeNumber('--rate-limit', { min: 1, max: MAX_RATE }),
    )
    .option('--allow-private-webhooks', 'let webhooks go to addresses within the house, and without TLS')
    .option('--log-requests', 'log every request, not only those that fail')
    .option('--print-config', 'show what it would run by and where that comes from, and end')
    .option('--json', 'print the address as one JSON object')
    .helpOption('--help', 'show help')
    .addHelpText('after', `\nExamples:\n${EXAMPLES.map((line) => `  ${line}\n`).join('')}`)
    .action((options: ServeOptions) => run(context, options));
}

async function run(context: Context, options: ServeOptions): Promise<void> {
  const settings = await readSettings(context, options);
  if (options.printConfig === true) {
    const shown = shownSettings(settings, context.world.settings);
    return context.result(options, { json: shown, text: settingsText(shown) });
  }
  const server = await serverOf(context).start(choicesOf(context, settings), context.ports());
  const reloading = reloadAtHangup(context, { options, server, settings });
  try {
    const { url, grpc, models, registered } = server;
    await context.result(options, {
      json: { url, ...(grpc === undefined ? {} : { grpc }), models, registered },
      text: `${url}${grpc === undefined ? '' : ` and gRPC at ${grpc}`} serves ${servedText(server)}\n`,
    });
    await context.output.flush();
    if (!context.signal.aborted) await once(context.signal, 'abort');
  } finally {
    await reloading?.stop();
    await server.close();
  }
}

/** What answers, and what is there but does not. */
function servedText({ models, registered }: RunningServer): string {
  if (models.length > 0)
    return `${models.map(safeText).join(', ')}; ${counted(registered, 'model')} registered`;
  if (registered === 0) return 'no models yet: `pilotfish models register` adds one';
  return `no models yet; ${counted(registered, 'model')} registered: \`pilotfish models promote\` puts one in production`;
}

async function readSettings({ world }: Context, flags: ServeFlags): Promise<ServeSettings> {
  const file: ServeFile = flags.config === undefined ? {} : await readServeFile(resolve(flags.config));
  return serveSettings(flags, world.settings, file);
}

function choicesOf({ world }: Context, settings: ServeSettings): ServerChoices {
  const { host, port, grpcPort, insecure, models } = settings;
  return {
    ...{ data: dataOf(settings), host: host.value, port: port.value, grpcPort: grpcPort.value },
    ...{ isInsecure: insecure.value, modelsDirectory: models.value },
    ...tuningOf(settings),
    writeLog: (text) => world.stderr.write(text),
  };
}

type Reloading = {
  readonly options: ServeOptions;
  readonly server: RunningServer;
  readonly settings: ServeSettings;
};

/** Reads the file anew whenever the process is told SIGHUP; without a file that ends the server, as it always did. */
function reloadAtHangup(
  context: Context,
  { options, server, settings }: Reloading,
): { stop(): Promise<void> } | undefined {
  if (options.config === undefined) return undefined;
  let running = settings;
  let last: Promise<void> = Promise.resolve();
  const reload = async (): Promise<void> => {
    try {
      const read = await readSettings(context, options);
      const changed = changedKeys(running, read);
      const fixed = changed.filter((key) => !LIVE.includes(key));
      server.tune(tuningOf(read));
      server.log.write('info', 'the configuration was read anew', { changed: changed.join(', ') });
      if (fixed.length > 0)
        server.log.write('warn', 'this takes effect at the next start', { changed: fixed.join(', ') });
      // What takes effect later is told again, as long as it differs.
      running = { ...read, ...Object.fromEntries(fixed.map((key) => [key, running[key]])) };
    } catch (error) {
      const { code, message } = codedError(error);
      server.log.write('error', `the configuration stays as it was: ${message}`, { code });
    }
  };
  const unwatch = context.world.onHangup?.(() => {
    last = last.then(reload);
  });
  return {
    stop: () => {
      unwatch?.();
      return last;
    },
  };
}
