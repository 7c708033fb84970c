// Child processes and paths for the programs in this folder.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..');

/** Result of a program that ran to its end; `output` is stdout and stderr in the order they came. */
export interface Finished {
  code: number;
  output: string;
}

/** Runs a program without stdin and collects what it prints. */
export function runQuiet(command: string, args: readonly string[], cwd = root): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** Runs the JavaScript program of an installed package under the Node that runs this. */
export function runTool(path: string, args: readonly string[], cwd = root): Promise<Finished> {
  return runQuiet(process.execPath, [join(root, 'node_modules', path), ...args], cwd);
}
