// Runs test files with the runner of Node and prints a line per file, each failure in full, each skip with its reason.
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { relative } from 'node:path';
import { type EventData, run } from 'node:test';
import { inspect } from 'node:util';
import { root } from './process.ts';
import type { Counts } from './steps.ts';

const fileLimitMs = 9 * 60_000;

/** Files that match the patterns, without those that match `exclude`, in a fixed order. */
export function testFiles(patterns: readonly string[], exclude: readonly string[] = []): string[] {
  return globSync([...patterns], { cwd: root, exclude: [...exclude] }).sort();
}

type Finished = EventData.TestPass | EventData.TestFail;
const isSuite = (data: Finished): boolean => data.details.type === 'suite';
const place = (file: string | undefined): string => (file === undefined ? '?' : relative(root, file));

// The runner sets it on every error it reports; the published types do not know it.
function failureType(data: EventData.TestFail): unknown {
  return (data.details.error as Error & { failureType?: unknown }).failureType;
}

function describeFailure(data: EventData.TestFail): string {
  const { error } = data.details;
  const cause = error.cause ?? error;
  const text = cause instanceof Error ? (cause.stack ?? cause.message) : inspect(cause, { depth: 4 });
  return `FAIL ${place(data.file)}:${data.line ?? 0} ${data.name}\n${text.replaceAll(/^/gm, '    ')}`;
}

/** Runs the files, each in a process of its own. */
export async function runSuite(files: readonly string[]): Promise<Counts> {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  if (files.length === 0) return counts;
  const failures: string[] = [];
  const skips: string[] = [];
  const events = run({
    files: files.map((file) => `${root}/${file}`),
    concurrency: availableParallelism(),
    timeout: fileLimitMs,
    cwd: root,
  });
  events.on('test:pass', (data) => {
    if (isSuite(data)) return;
    if (data.skip === undefined && data.todo === undefined) counts.passed++;
    else {
      counts.skipped++;
      skips.push(`SKIP ${place(data.file)} ${data.name}: ${data.skip ?? data.todo}`);
    }
  });
  events.on('test:fail', (data) => {
    // A parent fails because a test in it failed, and that one has been counted.
    if (failureType(data) === 'subtestsFailed') return;
    counts.failed++;
    failures.push(describeFailure(data));
  });
  events.on('test:stderr', (data) => process.stderr.write(data.message));
  events.on('test:summary', (data) => {
    if (data.file === undefined) return;
    const { tests } = data.counts;
    console.log(
      `${data.success ? 'ok  ' : 'FAIL'} ${place(data.file)} (${tests} tests, ${(data.duration_ms / 1000).toFixed(1)} s)`,
    );
  });
  for await (const _ of events);
  for (const line of [...skips, ...failures]) console.log(line);
  return counts;
}
