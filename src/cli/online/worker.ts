import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { WorkerEvent } from '../../lifecycle/index.ts';
import type { Context } from '../context.ts';
import { duration } from '../options.ts';
import { type DataOptions, withData } from '../registry/data.ts';
import { counted, safeText } from '../text.ts';
import { withLearner } from './work.ts';

interface WorkerOptions extends DataOptions {
  readonly name?: string;
  readonly lease?: number;
  readonly once?: true;
}

/** How often it looks for work, and for pipelines that are due. */
const POLL_MS = 1000;
const LEASE_MS = 30_000;

/** Adds `worker`. */
export function registerWorker(program: Command, context: Context): void {
  withData(program.command('worker'), [
    'pilotfish worker --data DIR             until it is stopped',
    'pilotfish worker --once --data DIR      until nothing waits',
  ])
    .description('do the jobs that wait, and the updates of pipelines that are due; several may run')
    .option('--name <text>', 'what it is called (default: host and process)')
    .option(
      '--lease <time>',
      'after this silence another worker takes its job (default: 30s)',
      duration('--lease'),
    )
    .option('--once', 'end when nothing waits')
    .action((options: WorkerOptions) => run(context, options));
}

function run(context: Context, options: WorkerOptions): Promise<void> {
  const { data, lease: leaseMs = LEASE_MS, once: endsIdle = false } = options;
  const name = options.name ?? `${hostname()}-${process.pid}`;
  return withLearner(context, options, async (learner, { state, registry }) => {
    const { JobWorker, StateJobQueue } = await import('../../lifecycle/index.ts');
    const { fs, clock } = context.ports();
    const finished: WorkerEvent[] = [];
    const worker = new JobWorker({
      ...{ queue: new StateJobQueue(state, registry, { clock }), registry, name, leaseMs, fs, clock },
      workDirectory: `${resolve(data)}/jobs`,
      onEvent: (event) => {
        if (event.what !== 'claimed') finished.push(event);
        context.terminal.line(safeText(`${name}: job ${event.jobId} ${event.what}: ${event.detail}`));
      },
    });
    // The clock keeps no process alive; an open port does.
    const { port1: alive } = new MessageChannel();
    alive.ref();
    try {
      while (!context.signal.aborted) {
        await learner.runDue();
        if ((await worker.runNext(context.signal)) !== undefined) continue;
        if (endsIdle) break;
        await worker.idle(POLL_MS, context.signal);
      }
    } finally {
      alive.close();
    }
    await context.result(options, {
      json: { finished },
      text: `${counted(finished.length, 'attempt')} ended\n`,
    });
  });
}
