// Debian's Prometheus and Alertmanager with the files of examples/prometheus, on a real `pilotfish serve`: it is scraped,
// the rules are evaluated, and what fires comes back to the server. Only addresses and times are others than shipped.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { PilotfishClient } from '../../src/http/client/index.ts';
import { Place } from '../cli/support.ts';
import { constantModel, TREES } from '../http/models.ts';
import { root, run, temporaryFolder } from '../support.ts';
import { absent, ensureTool } from './tools.ts';

const examples = join(root, 'examples/prometheus');
const WAIT_MS = 60_000;
const POLL_MS = 100;

/** Asks until the answer is what is wanted. */
async function eventually<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  for (let waitedMs = 0; waitedMs < WAIT_MS; waitedMs += POLL_MS) {
    const found = await ask().catch(() => undefined);
    if (found !== undefined) return found;
    await pause(POLL_MS);
  }
  return assert.fail(`not within ${WAIT_MS} ms: ${what}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts a program that ends with the test. */
function start(t: TestContext, program: string, args: readonly string[], folder: string): ChildProcess {
  const child = spawn(program, args, { cwd: folder, stdio: 'ignore' });
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  });
  return child;
}

/** A shipped file with every one of these texts, which it has, in place of another. */
function copy(folder: string, name: string, changes: readonly (readonly [string, string])[]): void {
  let text = readFileSync(join(examples, name), 'utf8');
  for (const [from, to] of changes) {
    assert.ok(text.includes(from), `${name} has no ${from}`);
    text = text.replaceAll(from, to);
  }
  writeFileSync(join(folder, name), text);
}

async function serve(t: TestContext): Promise<string> {
  const place = new Place(t);
  place.write({ 'models/none.txt': '' });
  const child = place.start(['serve', '--data', 'data', '--port', '0', '--models', 'models', '--json']);
  child.stderr?.resume();
  const [line] = (await once(child.stdout ?? child, 'data')) as [Buffer];
  return (JSON.parse(line.toString()) as { url: string }).url;
}

const EVIDENCE = ['evaluation', 'experiment'].map((kind) => ({ kind, passed: true, summary: 'as expected' }));

async function produce(client: PilotfishClient, version: string, value: number): Promise<void> {
  await client.register({ ...TREES, version }, constantModel(value));
  for (const to of ['testing', 'staging', 'production'] as const)
    await client.promote({ name: 'trees', version }, to, { evidence: EVIDENCE });
}

/** Tells the server how version 2 decided a hundred times. */
async function judge(url: string, { right }: { readonly right: number }): Promise<void> {
  const definition = { features: ['x'], classes: ['a', 'b'], model: 'trees' };
  const source = `${url}/api/v1/sources/trees`;
  const json = { 'content-type': 'application/json' };
  const defined = await fetch(source, { method: 'PUT', headers: json, body: JSON.stringify(definition) });
  assert.equal(defined.status, 200);
  const rows = Array.from({ length: 100 }, (_, i) => {
    const judged = { label: 'a', decision: i < right ? 'a' : 'b', version: '2' };
    return `${JSON.stringify({ kind: 'sample', id: `${right}-${i}`, features: { x: i }, ...judged })}\n`;
  });
  const headers = { 'content-type': 'application/x-ndjson' };
  const sent = await fetch(`${url}/api/v1/ingest/trees`, { method: 'POST', headers, body: rows.join('') });
  assert.equal(((await sent.json()) as { accepted: number }).accepted, 100);
}

type Sample = { readonly metric: Readonly<Record<string, string>>; readonly value: [number, string] };

/** A Prometheus that answers. */
class Scraper {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async get<T>(path: string): Promise<T> {
    const answer = (await (await fetch(`${this.#url}/api/v1/${path}`)).json()) as { data: T };
    return answer.data;
  }

  /** The samples of a query, once there are any. */
  samples(query: string): Promise<readonly Sample[]> {
    return eventually(query, async () => {
      const { result } = await this.get<{ result: Sample[] }>(`query?query=${encodeURIComponent(query)}`);
      return result.length > 0 ? result : undefined;
    });
  }
}

/** The target is up, our metrics are there, every rule is evaluated, and one fires. */
async function checkScraped(scraper: Scraper, url: string): Promise<void> {
  const [up] = await scraper.samples('up{job="pilotfish"} == 1');
  assert.equal(up?.metric['instance'], new URL(url).host);
  const { activeTargets } = await scraper.get<{ activeTargets: { health: string; lastError: string }[] }>(
    'targets',
  );
  assert.deepEqual(
    activeTargets.map(({ health, lastError }) => [health, lastError]),
    [['up', '']],
  );
  const [asked] = await scraper.samples('pilotfish_model_predictions_total{model="trees",outcome="success"}');
  assert.equal(asked?.value[1], '20');
  const [version] = await scraper.samples('pilotfish_model_version_info{model="trees",version="2"}');
  assert.equal(version?.value[1], '1');
  await scraper.samples('pilotfish_http_request_duration_seconds_bucket{le="+Inf"}');
  const [alert] = await scraper.samples('ALERTS{alertname="PilotfishModelOld",alertstate="firing"}');
  assert.equal(alert?.metric['model'], 'trees');
  const { groups } = await scraper.get<{ groups: { rules: { name: string; health: string }[] }[] }>('rules');
  const rules = groups.flatMap((group) => group.rules);
  assert.deepEqual(
    rules.map(({ health }) => health),
    rules.map(() => 'ok'),
  );
}

/** What fires comes back to the server, which acts. */
async function checkActed(
  scraper: Scraper,
  { client, url }: { readonly client: PilotfishClient; readonly url: string },
): Promise<void> {
  const entry = await eventually('the alert in the audit log', async () =>
    (await client.audit({ subject: 'trees' })).find(({ action }) => action === 'alert.train'),
  );
  assert.match(entry.reason, /^alert PilotfishModelOld: trees was made .* ago$/);

  await judge(url, { right: 100 });
  await scraper.samples('pilotfish_model_accuracy_ratio{model="trees"} offset 2s == 1');
  await judge(url, { right: 0 });
  await eventually('the version before', async () =>
    (await client.predict('trees', [0, 0])).values[0] === 1 ? true : undefined,
  );
  const { reason } = await eventually('the rollback in the audit log', async () =>
    (await client.audit({ subject: 'trees' })).find(({ action }) => action === 'alert.rollback'),
  );
  assert.match(reason, /^alert PilotfishModelAccuracyDropped: trees decides .* less well than a day ago$/);
}

test('the shipped configurations are sound', (t) => {
  const promtool = ensureTool('promtool', 'prometheus');
  if (promtool === null) return t.skip(absent('promtool'));
  const checked = run(promtool, ['check', 'config', 'prometheus.yml'], { cwd: examples });
  assert.equal(checked.code, 0, `${checked.stdout}${checked.stderr}`);
});

test('amtool: the shipped configuration of Alertmanager is sound, and routes to the server and to people', (t) => {
  const amtool = ensureTool('amtool', 'prometheus-alertmanager');
  if (amtool === null) return t.skip(absent('amtool'));
  const checked = run(amtool, ['check-config', 'alertmanager.yml'], { cwd: examples });
  assert.equal(checked.code, 0, `${checked.stdout}${checked.stderr}`);
  const routed = (alertname: string) =>
    run(amtool, ['config', 'routes', 'test', '--config.file=alertmanager.yml', `alertname=${alertname}`], {
      cwd: examples,
    }).stdout.trim();
  assert.equal(routed('PilotfishModelOld'), 'pilotfish,people');
  assert.equal(routed('NodeDown'), 'people');
});

test('a real Prometheus scrapes the server, evaluates the rules, and what fires comes back to it', async (t) => {
  const prometheus = ensureTool('prometheus');
  if (prometheus === null) return t.skip(absent('prometheus'));
  const alertmanager = ensureTool('prometheus-alertmanager');
  if (alertmanager === null) t.diagnostic(absent('prometheus-alertmanager'));
  const url = await serve(t);
  const client = new PilotfishClient({ url });
  await produce(client, 'v1.0.0', 1);
  await produce(client, 'v2.0.0', 2);
  for (let i = 0; i < 20; i += 1) assert.deepEqual((await client.predict('trees', [0, 0])).values, [2]);

  const folder = temporaryFolder(t);
  const [own, manager] = [await freePort(), await freePort()];
  copy(folder, 'alerts.yml', [
    // A week in a second.
    ['7 * 86400', '1'],
    ['for: 1h', 'for: 0s'],
    ['offset 1d', 'offset 2s'],
    ['for: 5m', 'for: 0s'],
  ]);
  copy(folder, 'prometheus.yml', [
    ['15s', '200ms'],
    ['127.0.0.1:5000', new URL(url).host],
    ['127.0.0.1:9093', `127.0.0.1:${manager}`],
  ]);
  copy(folder, 'alertmanager.yml', [
    ['group_wait: 10s', 'group_wait: 0s'],
    ['http://127.0.0.1:5000', url],
  ]);
  // First, since Prometheus tells the same alert again after a minute only.
  if (alertmanager !== null) {
    const places = [`--storage.path=${join(folder, 'manager')}`, `--web.listen-address=127.0.0.1:${manager}`];
    const args = ['--config.file=alertmanager.yml', '--cluster.listen-address=', ...places];
    start(t, alertmanager, args, folder);
    await eventually('Alertmanager', () => fetch(`http://127.0.0.1:${manager}/-/ready`));
  }
  const data = `--storage.tsdb.path=${join(folder, 'data')}`;
  const at = `127.0.0.1:${own}`;
  start(t, prometheus, ['--config.file=prometheus.yml', data, `--web.listen-address=${at}`], folder);
  const scraper = new Scraper(`http://${at}`);

  await checkScraped(scraper, url);
  if (alertmanager !== null) await checkActed(scraper, { client, url });
});
