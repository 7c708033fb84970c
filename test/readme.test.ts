import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Results } from '../bench/store/results.ts';
import { readmeFigures, withFigures } from '../scripts/readme-figures.ts';
import { root, runWell, temporaryFolder } from './support.ts';

type LifecycleResults = {
  readonly sections: {
    readonly experiments: {
      readonly rows: readonly { readonly measure: string; readonly measured: string }[];
    };
  };
};

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), 'utf8');

test('the figures of the README are those of the committed benchmark', () => {
  const readme = read('README.md');
  const results = JSON.parse(read('docs/benchmarks/store.json')) as Results;
  assert.equal(readme, withFigures(readme, readmeFigures(results)), 'run `node scripts/readme-figures.ts`');
});

test('the error rates of the README are those of the committed simulation', () => {
  const { sections } = JSON.parse(read('docs/benchmarks/lifecycle.json')) as LifecycleResults;
  const measured = (rule: string): string => {
    const row = sections.experiments.rows.find(
      ({ measure }) => measure === `false winners, rate 0.10: ${rule}`,
    );
    return row?.measured ?? '';
  };
  const percent = (rule: string, digits: number): string =>
    `${Number.parseFloat(measured(rule)).toFixed(digits)} %`;
  const readme = read('README.md').replaceAll('\n', ' ');
  assert.ok(measured('Bonferroni over 381 looks') !== '' && readme.includes('after 381 looks'));
  assert.ok(
    readme.includes(`had won in ${percent('ours (differenceSequence)', 1)} of the simulated experiments`),
  );
  assert.ok(readme.includes(`with \`p < 0.05\` at every look, in ${percent('p < 0.05 at every look', 0)}`));
});

test('the code of the README stores a directory', (t) => {
  const folder = temporaryFolder(t);
  const library = pathToFileURL(join(root, 'src/index.ts')).href;
  const [, code = ''] = /```ts\n([\s\S]*?)```/.exec(read('README.md')) ?? [];
  const here = [
    ['/backup/repo', join(folder, 'repo')],
    ['/srv/work', join(root, 'examples')],
    ["'pilotfish'", `'${library}'`],
  ] as const;
  const script = here.reduce((text, [from, to]) => text.replaceAll(from, to), code);
  writeFileSync(join(folder, 'readme.ts'), `${script}console.log(snapshot);\n`);
  const { stdout } = runWell(process.execPath, [join(folder, 'readme.ts')], { cwd: root });
  assert.match(stdout, /^[0-9a-f]{64}\n$/);
});

test('every page the README points at is there', () => {
  const links = [...read('README.md').matchAll(/\]\(([^)#]+)\)/g)].map(([, path]) => path as string);
  assert.ok(links.length > 5);
  for (const path of links.filter((link) => !link.startsWith('http'))) {
    assert.ok(existsSync(fileURLToPath(new URL(`../${path}`, import.meta.url))), path);
  }
});

test('what the README says that commands print stands in the guides', () => {
  const pages = ['experiments', 'rollout', 'drift', 'online'].map((name) => read(`docs/guides/${name}.md`));
  const [, block = ''] = /## Is the model better\?[\s\S]*?```\n([\s\S]*?)```/.exec(read('README.md')) ?? [];
  const lines = block.split('\n').filter((line) => line.startsWith('  '));
  assert.ok(lines.length >= 4);
  for (const part of lines.flatMap((line) => line.split('…')).map((line) => line.trim())) {
    assert.ok(
      pages.some((page) => page.includes(part)),
      part,
    );
  }
  const commands = [...block.matchAll(/^\$ pilotfish (\w+ \w+)/gm)].map(([, command]) => command as string);
  for (const command of commands)
    assert.ok(
      pages.some((page) => page.includes(`$ pilotfish ${command}`)),
      command,
    );
});
