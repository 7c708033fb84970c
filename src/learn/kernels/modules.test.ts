import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

test('the committed modules are what their sources compile to', async () => {
  const script = fileURLToPath(new URL('../../../scripts/build-kernels.ts', import.meta.url));
  await promisify(execFile)(process.execPath, [script, '--check']);
});
