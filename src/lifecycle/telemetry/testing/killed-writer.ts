// A writer of its own process: flushes 1000 events, leaves 100 waiting, and is killed in the middle of writing more.
import { NodeFileSystem } from '../../../base/index.ts';
import { TelemetryCollector } from '../collector.ts';
import { TelemetryDatabase } from '../database.ts';
import { stored } from './events.ts';

const dbPath = process.argv[2] as string;
const collector = new TelemetryCollector({ dbPath });
for (let i = 0; i < 1000; i += 1) collector.record(stored(i));
collector.flush();
for (let i = 1000; i < 1100; i += 1) collector.record(stored(i));
const database = new TelemetryDatabase(new NodeFileSystem(), dbPath);
database.exclusively(() => {
  const values = [Buffer.alloc(32, 7), 5, null, null, null, null, null, null];
  for (let i = 0; i < 500; i += 1) database.insert({ type: 'BLOCK_STORED', timeMs: 1, keyId: 1, values });
  process.kill(process.pid, 'SIGKILL');
});
