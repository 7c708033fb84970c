import { once } from 'node:events';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { wholeNumber } from '../options.ts';
import { safeText } from '../text.ts';
import { serverOf } from './program.ts';

interface ServeOptions {
  readonly data: string;
  readonly port: number;
  readonly grpcPort?: number;
  readonly host?: string;
  readonly insecure?: true;
  readonly models?: string;
  readonly rateLimit?: number;
  readonly logRequests?: true;
  readonly allowPrivateWebhooks?: true;
  readonly json?: true;
}

const EXAMPLES = [
  'pilotfish serve --data DIR',
  'pilotfish serve --data DIR --port 5000 --host 0.0.0.0     with keys of `pilotfish keys create`, or PILOTFISH_TOKEN',
];
const DEFAULT_PORT = 5000;
const MAX_PORT = 65_535;

/** Adds `serve`. */
export function registerServe(program: Command, context: Context): void {
  program
    .command('serve')
    .description('serve a registry and its models over HTTP, until it is interrupted')
    .requiredOption('--data <dir>', 'the data directory; made if need be')
    .option(
      '--port <n>',
      'where to listen; 0: any that is free',
      wholeNumber('--port', { min: 0, max: MAX_PORT }),
      DEFAULT_PORT,
    )
    .option(
      '--grpc-port <n>',
      'where to answer gRPC as well; 0: any that is free',
      wholeNumber('--grpc-port', { min: 0, max: MAX_PORT }),
    )
    .option('--host <address>', 'what to listen on; other than this machine only with a key')
    .option('--insecure', 'answer other machines without a key')
    .option('--models <dir>', 'models to register at the start, one folder each (or in PILOTFISH_MODELS)')
    .option(
      '--rate-limit <n>',
      'requests a second of one client',
      wholeNumber('--rate-limit', { min: 1, max: 1_000_000 }),
    )
    .option('--allow-private-webhooks', 'let webhooks go to addresses within the house, and without TLS')
    .option('--log-requests', 'log every request, not only those that fail')
    .option('--json', 'print the address as one JSON object')
    .helpOption('--help', 'show help')
    .addHelpText('after', `\nExamples:\n${EXAMPLES.map((line) => `  ${line}\n`).join('')}`)
    .action((options: ServeOptions) => run(context, options));
}

async function run(context: Context, options: ServeOptions): Promise<void> {
  const { settings, stderr } = context.world;
  const { host, port, grpcPort, insecure, models, rateLimit, logRequests, allowPrivateWebhooks } = options;
  const server = await serverOf(context).start(
    {
      ...(host === undefined ? {} : { host }),
      ...{ data: resolve(options.data), port, grpcPort, isInsecure: insecure === true },
      modelsDirectory: resolve(models ?? settings.modelsDirectory),
      ...{ requestsPerSecond: rateLimit, logsRequests: logRequests === true },
      allowsPrivateWebhooks: allowPrivateWebhooks === true,
      writeLog: (text) => stderr.write(text),
    },
    context.ports(),
  );
  try {
    const { url, grpc } = server;
    const names = server.models.map(safeText).join(', ') || 'no models yet';
    await context.result(options, {
      json: { url, ...(grpc === undefined ? {} : { grpc }), models: server.models },
      text: `${url}${grpc === undefined ? '' : ` and gRPC at ${grpc}`} serves ${names}\n`,
    });
    await context.output.flush();
    if (!context.signal.aborted) await once(context.signal, 'abort');
  } finally {
    await server.close();
  }
}
