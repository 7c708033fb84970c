// node scripts/run.mjs FILE.ts [ARGS]: runs a TypeScript program of this checkout under the pinned Node.
import { bootstrapped } from './bootstrap.mjs';
import { root } from './pinned-node.mjs';
import { runToEnd } from './run-node.mjs';

await bootstrapped((node) => runToEnd(node, process.argv.slice(2), { cwd: root }));
