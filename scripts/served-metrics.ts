// What `/metrics` of a server shows besides its models, read from a server on an empty data directory.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeFileSystem, secureBytes, systemClock } from '../src/base/index.ts';
import { PilotfishServer } from '../src/http/index.ts';
import type { MetricDefinition } from '../src/lifecycle/index.ts';

/** Definitions in the order of the page. */
export async function servedMetrics(): Promise<MetricDefinition[]> {
  const data = mkdtempSync(join(tmpdir(), 'pilotfish-metrics-'));
  const ports = { fs: new NodeFileSystem(), clock: systemClock, random: secureBytes };
  const server = await PilotfishServer.open({ data, ...ports, version: '0.0.0', writeLog: () => {} });
  try {
    const ask = { url: '/metrics', headers: { host: 'localhost' } };
    // The second page counts the first.
    await server.app.inject(ask);
    return definitionsIn((await server.app.inject(ask)).payload);
  } finally {
    await server.close();
    rmSync(data, { recursive: true });
  }
}

/** What a page in the text format of Prometheus says of its metrics; labels as its first values have them. */
function definitionsIn(page: string): MetricDefinition[] {
  return page
    .split(/^(?=# HELP )/m)
    .filter((block) => block !== '')
    .map((block) => {
      const [help = '', type = '', value = ''] = block.split('\n');
      const [, name = '', text = ''] = /^# HELP (\S+) (.*)$/.exec(help) ?? [];
      const labels = Array.from(value.matchAll(/(\w+)="/g), ([, label = '']) => label);
      return {
        ...{ name, help: text, labels: labels.filter((label) => label !== 'le') },
        type: type.slice(type.lastIndexOf(' ') + 1) as MetricDefinition['type'],
      };
    });
}
