// The one load generator, for every server alike: so many connections, each asking again as soon as it has its answer.
import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { quantile } from '../common/statistics.ts';

/** A request. */
export interface Ask {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** JSON. */
  readonly body?: string;
}

export interface Reply {
  readonly status: number;
  readonly text: string;
}

/** A server as it is reached. */
export interface Target {
  readonly url: string;
  /** Whether connections stay open, or each request makes its own. */
  readonly keepsAlive: boolean;
}

/** Connections to a server. */
export class Wire {
  readonly url: string;
  readonly #url: URL;
  readonly #agent: Agent;

  constructor({ url, keepsAlive }: Target, connections = 1) {
    this.url = url;
    this.#url = new URL(url);
    this.#agent = new Agent({ keepAlive: keepsAlive, maxSockets: connections });
  }

  /** Resolves to whatever answer there is; rejects where there is none. */
  ask({ method, path, body }: Ask): Promise<Reply> {
    const { hostname, port } = this.#url;
    const headers =
      body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    return new Promise((resolve, reject) => {
      const call = request({ hostname, port, method, path, headers, agent: this.#agent }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          text += part;
        });
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      });
      call.on('error', reject);
      call.end(body);
    });
  }

  /** One that must succeed: its answer, read as JSON. */
  async well<T>(ask: Ask): Promise<T> {
    const { status, text } = await this.ask(ask);
    if (status === 200) return JSON.parse(text) as T;
    throw new Error(`${ask.method} ${ask.path} was answered with ${status}: ${text.slice(0, 500)}`);
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** When to stop: at whichever comes first. */
export interface Pace {
  readonly seconds: number;
  readonly operations: number;
}

/** What a server did under load. */
export interface Load {
  /** Answered with 200. */
  readonly operations: number;
  readonly errors: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** What came of a span of operations. */
export function loadOf(latenciesMs: readonly number[], errors: number, seconds: number): Load {
  const operations = latenciesMs.length;
  const [p50Ms, p99Ms] = [quantile(latenciesMs, 0.5), quantile(latenciesMs, 0.99)];
  return { operations, errors, perSecond: operations / seconds, p50Ms, p99Ms };
}

/** Asks until the pace says stop; `ask` makes the request of a number, counted from 0. */
export async function load(
  target: Target,
  connections: number,
  { seconds, operations }: Pace,
  ask: (index: number) => Ask,
): Promise<Load> {
  const wire = new Wire(target, connections);
  const latenciesMs: number[] = [];
  let [next, errors] = [0, 0];
  const startMs = performance.now();
  const endMs = startMs + 1000 * seconds;
  const connection = async (): Promise<void> => {
    while (next < operations && performance.now() < endMs) {
      const what = ask(next++);
      const sinceMs = performance.now();
      // A connection that breaks counts as an error, too.
      const reply = await wire.ask(what).catch(() => null);
      if (reply?.status === 200) latenciesMs.push(performance.now() - sinceMs);
      else errors += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, connection));
  wire.close();
  return loadOf(latenciesMs, errors, (performance.now() - startMs) / 1000);
}
