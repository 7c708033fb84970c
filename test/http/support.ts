// A server in this process, on a data directory of its own; asked without a socket.
import assert from 'node:assert/strict';
import type { InjectOptions } from 'fastify';
import { NodeFileSystem, secureBytes, systemClock } from '../../src/base/index.ts';
import { PilotfishServer, type ServerOptions } from '../../src/http/index.ts';
import { temporaryFolder } from '../support.ts';

export type Answer = {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly headers: Readonly<Record<string, unknown>>;
  // What a JSON answer holds is what the tests are about.
  readonly body: Record<string, unknown>;
};

type Call = InjectOptions & { readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' };

/** A server and what it logged. */
export class Served {
  readonly server: PilotfishServer;
  readonly #lines: string[];

  constructor(server: PilotfishServer, lines: string[]) {
    this.server = server;
    this.#lines = lines;
  }

  /** Lines of the log, as objects. */
  get log(): Record<string, unknown>[] {
    return this.#lines
      .join('')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async ask(call: Call): Promise<Answer> {
    const headers = { host: 'localhost', ...call.headers };
    const { statusCode, payload, headers: back } = await this.server.app.inject({ ...call, headers });
    const type = String(back['content-type'] ?? '');
    const body = type.startsWith('application/json') ? (JSON.parse(payload) as Answer['body']) : {};
    return { status: statusCode, type, text: payload, headers: back, body };
  }

  /** One that must succeed. */
  async well(call: Call): Promise<Answer['body']> {
    const answer = await this.ask(call);
    assert.equal(answer.status, 200, answer.text);
    return answer.body;
  }

  /** A call of MLflow's interface. */
  mlflow(method: Call['method'] & string, path: string, values: object = {}): Promise<Answer> {
    const url = `/api/2.0/mlflow/${path}`;
    if (method === 'GET') return this.ask({ method, url, query: values as Record<string, string> });
    return this.ask({ method, url, payload: values });
  }
}

interface Owner {
  after(work: () => void | Promise<void>): void;
}

export async function serve(test: Owner, options: Partial<ServerOptions> = {}): Promise<Served> {
  const lines: string[] = [];
  const data = options.data ?? temporaryFolder(test as { after(work: () => void): void });
  const ports = { fs: new NodeFileSystem(), clock: systemClock, random: secureBytes };
  const writeLog = (text: string): void => void lines.push(text);
  const server = await PilotfishServer.open({ data, ...ports, writeLog, version: '0.0.0', ...options });
  test.after(() => server.close());
  return new Served(server, lines);
}
