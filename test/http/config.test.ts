// The configuration file of a server, and a real process that reads it anew at SIGHUP.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../src/base/index.ts';
import { Place } from '../cli/support.ts';
import { serve } from './support.ts';

type Shown = Record<string, { value: unknown; from: string }>;

function place(t: TestContext, config: unknown): Place {
  const made = new Place(t);
  const text = typeof config === 'string' ? config : JSON.stringify(config);
  made.write({ 'etc/serve.json': text, 'etc/none/README.md': '' });
  return made;
}

const print = (made: Place, ...args: string[]): Shown =>
  made.json<Shown>('serve', '--config', 'etc/serve.json', '--print-config', ...args);

test('flags come before the environment, the environment before the file, and secrets are not shown', async (t) => {
  const made = place(t, {
    data: 'state',
    port: 7000,
    host: 'localhost',
    models: 'none',
    debug: false,
    rateLimit: 9,
  });
  const shown = print(made, '--port', '8000');
  assert.deepEqual(shown['port'], { value: 8000, from: 'flag' });
  assert.deepEqual(shown['host'], { value: 'localhost', from: 'file' });
  assert.deepEqual(shown['data'], { value: made.path('etc/state'), from: 'file' });
  assert.deepEqual(shown['rateLimit'], { value: 9, from: 'file' });
  assert.deepEqual(shown['insecure'], { value: false, from: 'default' });
  const env = { PILOTFISH_MODELS: '/elsewhere', PILOTFISH_DEBUG: '1', PILOTFISH_TOKEN: 'hidden-token' };
  const { stdout, code } = made.run(['serve', '--config', 'etc/serve.json', '--print-config'], { env });
  assert.equal(code, 0);
  assert.match(stdout, /^models +environment +\/elsewhere$/m);
  assert.match(stdout, /^debug +environment +true$/m);
  assert.match(stdout, /^token +environment +\(set\)$/m);
  assert.match(stdout, /^artefactKey +default +null$/m);
  assert.doesNotMatch(stdout, /hidden-token/);
});

test('a file that is none is refused, with the key, what is wanted, and what was perhaps meant', async (t) => {
  const cases: readonly [unknown, RegExp][] = [
    [{ prot: 1 }, /prot is no setting: did you mean port\?/],
    [{ rateLimits: 1 }, /did you mean rateLimit\?/],
    [{ allow_private_webhooks: true }, /did you mean allowPrivateWebhooks\?/],
    [{ constructor: 1 }, /constructor is no setting/],
    [{ port: '5000' }, /port is "5000": give a whole number from 0 to 65535/],
    [{ debug: 1 }, /debug is 1: give true or false/],
    [{ alerts: { A: { action: 'delete' } } }, /alerts\.A\.action is one of rollback, train/],
    ['{"port": 5000,}', /it is no JSON/],
    ['[]', /it is no JSON object/],
  ];
  for (const [config, message] of cases) {
    const { code, stderr } = await place(t, config).inside([
      'serve',
      '--config',
      'etc/serve.json',
      '--print-config',
    ]);
    assert.deepEqual([code, message.test(stderr)], [1, true], stderr);
    assert.match(stderr, /^pilotfish: USAGE: /);
  }
  const made = place(t, {});
  assert.match((await made.inside(['serve', '--config', 'none.json'])).stderr, /UNREADABLE: .*ENOENT/);
  assert.match(
    (await made.inside(['serve', '--config', 'etc/serve.json'])).stderr,
    /no server in this program|no data/,
  );
});

/** The lines of a log, one after another. */
class LogLines {
  readonly #lines: AsyncIterator<string>;

  constructor(child: ChildProcess) {
    this.#lines = createInterface({ input: child.stderr ?? process.stdin })[Symbol.asyncIterator]();
  }

  /** The next that says so. */
  async until(message: RegExp): Promise<Record<string, string>> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      assert.ok(done !== true, `the log ended before ${message}`);
      const line = JSON.parse(value) as Record<string, string>;
      if (message.test(line['message'] ?? '')) return line;
    }
  }
}

test('SIGHUP: what can change does, what cannot is said, and a bad file changes nothing', async (t) => {
  const base = { data: 'data', port: 0, models: 'none' };
  const made = place(t, base);
  const child = made.start(['serve', '--config', 'etc/serve.json', '--json']);
  const log = new LogLines(child);
  const [line] = (await once(child.stdout ?? child, 'data')) as [Buffer];
  const { url } = JSON.parse(line.toString()) as { url: string };
  const statuses = async (): Promise<number[]> => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => fetch(`${url}/health`)));
    return answers.map(({ status }) => status).sort();
  };
  const rewrite = (config: unknown): void => {
    const text = typeof config === 'string' ? config : JSON.stringify(config);
    writeFileSync(made.path('etc/next.json'), text);
    renameSync(made.path('etc/next.json'), made.path('etc/serve.json'));
    child.kill('SIGHUP');
  };
  assert.deepEqual(await statuses(), [200, 200, 200, 200]);

  rewrite({ ...base, rateLimit: 1, host: '0.0.0.0', alerts: { Mine: { action: 'rollback' } } });
  assert.equal((await log.until(/read anew/))['changed'], 'host, rateLimit, alerts');
  assert.equal((await log.until(/at the next start/))['changed'], 'host');
  assert.ok((await statuses()).includes(429));

  rewrite({ ...base, rateLimt: 1000 });
  assert.match((await log.until(/stays as it was/))['message'] ?? '', /did you mean rateLimit/);
  assert.ok((await statuses()).includes(429));

  rewrite({ ...base, logRequests: true });
  assert.equal((await log.until(/read anew/))['changed'], 'rateLimit, logRequests, alerts');
  assert.deepEqual(await statuses(), [200, 200, 200, 200]);
  assert.equal((await log.until(/^request$/))['path'], '/health');

  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('without a file SIGHUP ends the server, as it ends every command', async (t) => {
  const made = place(t, {});
  const child = made.start(['serve', '--data', 'data', '--port', '0', '--models', 'etc/none', '--json']);
  await once(child.stdout ?? child, 'data');
  child.kill('SIGHUP');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('what is tuned holds from then on: webhooks to the house, the policy, debug lines', async (t) => {
  const served = await serve(t);
  const { server } = served;
  const seen: string[] = [];
  const receiver = createServer((request, response) => {
    seen.push(String(request.url));
    response.end();
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  t.after(() => void receiver.close());
  const { port } = receiver.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/told`;
  const events = [{ entity: 'REGISTERED_MODEL' as const, action: 'CREATED' as const }];
  await server.directory.webhooks.create({ name: 'hook', url, events });
  const created = async (name: string): Promise<number> => {
    await server.directory.registry.models.create({ name });
    await server.runChores();
    return seen.length;
  };
  assert.equal(await created('first'), 0);
  server.tune({
    allowsPrivateWebhooks: true,
    isDebug: true,
    alertPolicy: { Mine: { action: 'rollback', pauseMinutes: 0 } },
  });
  assert.equal(await created('second'), 1);
  server.log.write('debug', 'for those who look');
  assert.throws(() => server.tune({ alertPolicy: { '': { action: 'train', pauseMinutes: 0 } } }), {
    code: 'USAGE',
  });
  assert.equal(await created('third'), 2);
  server.tune({});
  assert.equal(await created('fourth'), 2);
  await systemClock.turn();
  assert.ok(served.log.some(({ message }) => message === 'for those who look'));
});
