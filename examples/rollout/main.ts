// One bad model through shadow, canary and automatic rollback, and one good one to everyone, in a store of real files.
//   node examples/rollout/main.ts [--data DIR] [--keep DIR] [--measured] [--json]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { hasCode, ManualClock, PilotfishError, seededBytes } from '../../src/base/index.ts';
import {
  openRegistry,
  type RegistryDirectory,
  RolloutManager,
  roomModel,
} from '../../src/lifecycle/index.ts';
import { type Tried, tryAll } from './costs.ts';
import { gather } from './files.ts';
import { type Trained, train } from './models.ts';
import { NightlyStore } from './store.ts';
import { auditText, endText, introText, promiseText, stageText } from './text.ts';
import { type Walk, type World, walk } from './walk.ts';

const ROOT = join(import.meta.dirname, '../..');
const BEGIN_MS = Date.UTC(2026, 0, 1, 2);
const BLOCKS_A_NIGHT = 400;
/** Someone measured how long a batch took in so many threads, and divided that by its blocks. */
const THREADS = 24;
const MODELS = [
  { version: '1', hurry: THREADS, from: `times that are ${THREADS} times too short` },
  { version: '2', hurry: 1, from: 'the right times' },
] as const;

type Options = {
  readonly data: string;
  readonly keep: string | undefined;
  readonly isMeasured: boolean;
  readonly print: (text: string) => void;
};

/** What happened to a model; without a walk its own evaluation did not pass. */
type Told = Pick<Trained, 'relativeCost' | 'relativeBytes'> & {
  readonly version: string;
  readonly walk: Walk | undefined;
};

/**
 * Registers a model, and takes it as far as it goes without a trial.
 * @returns its identifier, and whether its evaluation passed
 */
async function register({ registry }: RegistryDirectory, { artefact }: Trained) {
  const { metadata, files, evidence } = roomModel(artefact);
  const modelId = await registry.registerModel(metadata, files);
  await registry.promoteModel(modelId, 'testing', { evidence: [evidence] });
  if (evidence.passed) await registry.promoteModel(modelId, 'staging');
  return { modelId, hasPassed: evidence.passed };
}

type Lessons = {
  readonly learnt: readonly Tried[];
  readonly judged: readonly Tried[];
  readonly work: string;
};

async function release(
  world: World,
  { learnt, judged, work }: Lessons,
  { model, print }: { readonly model: (typeof MODELS)[number]; readonly print: Options['print'] },
): Promise<Told> {
  const { version, hurry, from } = model;
  const trained = train(learnt, judged, { version, hurry, folder: join(work, `codec-${version}`) });
  print(`\n${promiseText(version, trained)}\n  (it learnt from, and was judged by, ${from})`);
  const { relativeCost, relativeBytes } = trained;
  const told = { version, relativeCost, relativeBytes };
  const { modelId, hasPassed } = await register(world.directory, trained);
  if (!hasPassed) {
    print('  Its evaluation did not pass: it stays in testing, and is not rolled out.');
    return { ...told, walk: undefined };
  }
  const log = join(world.directory.path, `shadow-codec-${version}.jsonl`);
  const walked = await walk(world, { modelId, id: `codec-${version}`, log }, (stage) =>
    print(stageText(stage)),
  );
  print(endText(walked));
  return { ...told, walk: walked };
}

/** What is left in the registry: the audit log and the versions. */
async function traces({ registry }: RegistryDirectory, print: Options['print']) {
  const versions = await registry.listModels({ name: 'codec' });
  const audit = await registry.audit.entries();
  const { entries } = await registry.audit.verify();
  print(`\nAudit log, ${entries} entries, each chained to the one before:`);
  for (const entry of audit) print(auditText(entry));
  print('\nRegistry:');
  for (const { number, status } of versions) print(`  codec ${number}  ${status}`);
  return { audit, registry: versions.map(({ number, status }) => ({ version: String(number), status })) };
}

async function demonstrate(work: string, { data, keep, isMeasured, print }: Options) {
  const files = gather(data, work, BLOCKS_A_NIGHT);
  const clock = new ManualClock(BEGIN_MS);
  const directory = openRegistry(keep ?? join(work, 'data'), { clock });
  try {
    const { state, registry } = directory;
    const world: World = {
      ...{ directory, clock, nights: files.nights },
      store: new NightlyStore(join(work, 'repository'), { clock, isMeasured }),
      rollouts: new RolloutManager(state, registry, { clock, random: seededBytes(1) }),
    };
    print(introText(files, data, isMeasured));
    const lessons = { learnt: tryAll(files.learnt), judged: tryAll(files.judged), work };
    const models: Told[] = [];
    for (const model of MODELS) models.push(await release(world, lessons, { model, print }));
    const left = await traces(directory, print);
    if (keep !== undefined) print(`\nSee also: pilotfish rollout status codec-2 --data ${keep}`);
    return { data, isMeasured, models, ...left };
  } finally {
    await directory.close();
  }
}

const [TEXT, FLAG] = [{ type: 'string' }, { type: 'boolean' }] as const;
const OPTIONS = { data: TEXT, keep: TEXT, measured: FLAG, json: FLAG };

function parsed() {
  try {
    return parseArgs({ options: OPTIONS }).values;
  } catch (error) {
    const usage = 'node examples/rollout/main.ts [--data DIR] [--keep DIR] [--measured] [--json]';
    throw new PilotfishError('USAGE', `${error instanceof Error ? error.message : error}\n${usage}`);
  }
}

function optionsOf(): Options & { readonly isJson: boolean } {
  const { data, keep, measured = false, json = false } = parsed();
  return {
    ...{
      data: resolve(data ?? join(ROOT, 'node_modules')),
      keep: keep === undefined ? undefined : resolve(keep),
    },
    ...{ isMeasured: measured, isJson: json, print: json ? () => undefined : (text) => console.log(text) },
  };
}

const work = mkdtempSync(join(tmpdir(), 'rollout-'));
try {
  const options = optionsOf();
  const result = await demonstrate(work, options);
  if (options.isJson) console.log(JSON.stringify(result));
} catch (error) {
  if (!hasCode(error)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true });
}
