// Writes test/golden/{plain,encrypted} anew: after a deliberate change of what is written, never to silence a test.
// Roots must stay as they are; the test says which changed.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expectedText, GOLDEN_KINDS, type GoldenKind, makeGolden } from '../test/golden/repositories.ts';
import { root } from './process.ts';

for (const kind of Object.keys(GOLDEN_KINDS) as GoldenKind[]) {
  const folder = join(root, 'test/golden', kind);
  const { bench, expected } = await makeGolden(kind);
  rmSync(folder, { recursive: true, force: true });
  for (const [name, bytes] of bench.files()) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  writeFileSync(`${folder}.jsonl`, expectedText(expected));
  console.log(
    `${kind}: ${bench.files().size} files, ${JSON.stringify(expected.records)}, ${JSON.stringify(expected.codecs)}`,
  );
}
