// The checks that are programs of their own. The tidy rules are tests: see test/tidy.
import { performance } from 'node:perf_hooks';
import { type Finished, runTool } from './process.ts';

interface Step {
  name: string;
  /** What to do when it fails. */
  advice: string;
  run: () => Promise<Finished>;
}

const steps: readonly Step[] = [
  {
    name: 'types',
    advice: 'fix the types; the compiler is node_modules/ts7 with tsconfig.json',
    // `.bin/tsc` is whichever of the two TypeScripts npm linked last, so the compiler is named by its path.
    run: () => runTool('ts7/bin/tsc', ['-p', 'tsconfig.json']),
  },
  {
    name: 'lint',
    advice: '`npm run format` repairs what can be repaired without thought',
    run: () => runTool('@biomejs/biome/bin/biome', ['check', '--colors=off', '--max-diagnostics=50']),
  },
  {
    name: 'knip',
    advice: 'delete what nothing uses, or use it',
    run: () => runTool('knip/bin/knip.js', ['--no-progress', '--no-config-hints']),
  },
];

/** Counts in the shape of every closing line of this project. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** Runs the checks one after another and prints a line for each. */
export async function runSteps(): Promise<Counts> {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const step of steps) {
    const started = performance.now();
    const { code, output } = await step.run();
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${code === 0 ? 'ok  ' : 'FAIL'} check: ${step.name} (${seconds} s)`);
    if (code === 0) counts.passed++;
    else {
      counts.failed++;
      console.log(`${output.trimEnd()}\n  -> ${step.advice}`);
    }
  }
  return counts;
}

/** Prints the closing line and sets the exit code. */
export function close(counts: Counts): void {
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  if (counts.failed > 0) process.exitCode = 1;
}

export function add(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}
