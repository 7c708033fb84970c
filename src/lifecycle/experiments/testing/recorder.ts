// A process of its own that records until it is killed, and says of each record when it was answered. Arguments: the
// directory, the experiment, what its records are called, and how many, or `forever`.
import { writeSync } from 'node:fs';
import { openRegistry } from '../../registry/index.ts';
import { ABTestManager } from '../manager.ts';

const [path = '', experiment = '', label = '', count = '0'] = process.argv.slice(2);
const { state } = openRegistry(path);
const manager = new ABTestManager(state);

async function recordOne(at: number): Promise<void> {
  const id = `${label}-${at}`;
  await manager.record(experiment, { id, unit: `user-${at % 50}`, values: { accuracy: 1 } });
  writeSync(1, `${id}\n`);
}

for (let at = 0; count === 'forever' || at < Number(count); at += 4) {
  await Promise.all([at, at + 1, at + 2, at + 3].map(recordOne));
}
await state.close();
