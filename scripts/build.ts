// npm run build: compiles src/ into dist/, which is what `npm pack` ships.
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, runTool } from './process.ts';

rmSync(join(root, 'dist'), { recursive: true, force: true });
const { code, output } = await runTool('ts7/bin/tsc', ['-p', 'tsconfig.build.json']);
const messages = 'http/inference/open_inference.proto';
cpSync(join(root, 'src', messages), join(root, 'dist', messages));
if (output !== '') console.error(output.trimEnd());
process.exitCode = code;
