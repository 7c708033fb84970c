// A writer of its own process: registers versions and says of each when it was answered. Arguments: the directory, how
// many, what to call them, and `forever` to go on until it is killed.
import { writeSync } from 'node:fs';
import { openRegistry } from '../data-directory.ts';

const [path = '', count = '0', label = ''] = process.argv.slice(2);
const directory = openRegistry(path);
const { registry, tracking } = directory;
const say = (line: string): number => writeSync(1, `${line}\n`);
const isEndless = count === 'forever';

/** Waits in no queue: what stands in the pipe was answered. */
async function writeOne(at: number): Promise<void> {
  const modelId = await registry.registerModel(
    {
      name: 'threat-detector',
      version: `v-${label}-${at}`,
      algorithm: 'RandomForest',
      framework: 'scikit-learn',
    },
    Buffer.from(`${label} ${at}`),
  );
  say(`version ${modelId}`);
  if (!isEndless) return;
  const { runId } = await tracking.runs.create({ runName: `${label}-${at}` });
  await tracking.log.logBatch(runId, { metrics: [{ key: 'm', value: at, timestampMs: at }] });
  say(`run ${runId}`);
}

say('ready');
for (let at = 0; isEndless || at < Number(count); at += 4) {
  await Promise.all([at, at + 1, at + 2, at + 3].map(writeOne));
}
await directory.close();
