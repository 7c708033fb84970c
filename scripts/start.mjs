// npm start: without arguments the demonstration, with arguments the command line.
import { join } from 'node:path';
import { bootstrapped } from './bootstrap.mjs';
import { root } from './pinned-node.mjs';
import { runToEnd } from './run-node.mjs';

const args = process.argv.slice(2);

// npm runs scripts in the root of the package; relative paths mean the folder the user stands in.
function userFolder() {
  return ['start', 'measure', 'train'].includes(process.env.npm_lifecycle_event ?? '')
    ? (process.env.INIT_CWD ?? process.cwd())
    : process.cwd();
}

await bootstrapped((node) =>
  args.length === 0
    ? runToEnd(node, [join(root, 'scripts/demo.ts')], { cwd: root })
    : runToEnd(node, [join(root, 'bin/pilotfish.js'), ...args], { cwd: userFolder() }),
);
