// What a user gets: the packed tarball, installed in an empty folder, must work there without this checkout.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import test, { after, before, describe } from 'node:test';
import { compiler, root, run, runWell, temporaryFolder } from './support.ts';

const node = process.execPath;
const packageJson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const subPaths = Object.keys(packageJson.exports).filter((path) => !path.endsWith('.json'));
const names = subPaths.map((path) => path.replace('.', 'pilotfish'));

/** Packs the checkout into the folder; returns the tarball and the paths in it. */
function pack(folder: string): { tarball: string; paths: string[] } {
  const { stdout } = runWell('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root });
  // The build may print lines of its own before the report; npm 12 reports by name instead of in a list.
  const report = JSON.parse(stdout.slice(stdout.search(/^[[{]/m)));
  const { filename, files } =
    Object.values(report as Record<string, { filename: string; files: { path: string }[] }>)[0] ?? {};
  assert.ok(filename !== undefined && files !== undefined, stdout);
  return { tarball: join(folder, filename), paths: files.map((file) => file.path) };
}

function install(folder: string, tarball: string): void {
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'user', private: true, type: 'module' }),
  );
  const flags = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  runWell('npm', ['install', ...flags, tarball], { cwd: folder });
}

/** A `node` on PATH that is too old for Pilotfish; null when there is none. */
function findOldNode(): string | null {
  const folders = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((path) => !path.includes('node_modules'));
  const candidates = folders.map((folder) => join(folder, 'node')).filter((path) => existsSync(path));
  const major = (path: string) =>
    Number(run(path, ['-p', 'process.versions.node'], { cwd: root }).stdout.split('.')[0]);
  return candidates.find((path) => major(path) < 24) ?? null;
}

function makeTree(folder: string): void {
  mkdirSync(join(folder, 'deep/er'), { recursive: true });
  writeFileSync(join(folder, 'empty'), '');
  writeFileSync(join(folder, 'deep/text.txt'), 'a line that repeats\n'.repeat(5000));
  writeFileSync(
    join(folder, 'deep/er/bytes.bin'),
    Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i) >> 7)),
  );
}

/** Contents of a folder by path; null stands for a directory. */
const contents = (folder: string): Map<string, string | null> =>
  new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(folder.length), entry.isDirectory() ? null : readFileSync(path, 'base64')];
    }),
  );

describe('the packed tarball', () => {
  const folder = temporaryFolder({ after });
  let paths: string[] = [];
  let launcher = '';

  before(() => {
    const packed = pack(folder);
    paths = packed.paths;
    install(folder, packed.tarball);
    launcher = join(folder, 'node_modules/pilotfish/bin/pilotfish.js');
  });

  test('holds the compiled form and no sources, tests or tools', () => {
    const strange = paths.filter(
      (path) => !/^(bin|dist|changes|models)\/|^(package\.json|[A-Z]+(\.md)?)$/.test(path),
    );
    assert.deepEqual(strange, []);
    assert.deepEqual(
      paths.filter((path) => /\.test\.|(?<!\.d)\.ts$|assembly/.test(path)),
      [],
    );
    for (const name of ['LICENSE', 'README.md', 'bin/pilotfish.js', 'dist/index.js', 'dist/index.d.ts']) {
      assert.ok(paths.includes(name), `${name} is not in the tarball`);
    }
    assert.ok(
      paths.includes('dist/http/inference/open_inference.proto'),
      'gRPC has no messages in the tarball',
    );
  });

  test('brings only the packages the core needs', () => {
    const installed = Object.keys(
      JSON.parse(readFileSync(join(folder, 'node_modules/.package-lock.json'), 'utf8')).packages,
    );
    const developer = installed.filter((path) =>
      /node_modules\/(node-|pilotfish-node|typescript|ts7|@types|@biomejs)/.test(path),
    );
    assert.deepEqual(developer, []);
  });

  test('its command knows its version', () => {
    assert.equal(runWell(node, [launcher, '--version'], { cwd: folder }).stdout.trim(), packageJson.version);
    const shim = join(folder, 'node_modules/.bin/pilotfish');
    const path = `${join(node, '..')}${delimiter}${process.env['PATH']}`;
    assert.equal(
      runWell(shim, ['--version'], { cwd: folder, env: { PATH: path } }).stdout.trim(),
      packageJson.version,
    );
  });

  test('packs and restores', () => {
    makeTree(join(folder, 'tree'));
    const env = { PILOTFISH_CACHE_DIR: join(folder, 'cache') };
    const pilotfish = (...args: string[]) =>
      runWell(node, [launcher, ...args, '--repo', 'repo'], { cwd: folder, env });
    // Two threads: the worker is a file of its own in the compiled form.
    pilotfish('pack', 'tree', '--threads', '2');
    pilotfish('restore', 'latest', '--to', 'back');
    assert.deepEqual(contents(join(folder, 'back')), contents(join(folder, 'tree')));
    pilotfish('verify', '--data');
  });

  test('works as a library as its door says', () => {
    const door = readFileSync(join(root, 'src/index.ts'), 'utf8');
    const example = door.slice(door.indexOf('@example') + 8, door.indexOf('*/')).replaceAll(/^ \* ?/gm, '');
    const work = join(folder, 'library');
    makeTree(join(work, 'data/photos'));
    mkdirSync(join(work, 'backup'));
    writeFileSync(join(folder, 'example.mjs'), example.replaceAll(/'\/(backup|data|tmp)\//g, `'${work}/$1/`));
    const { stdout } = runWell(node, ['example.mjs'], { cwd: folder });
    assert.match(stdout, /^[0-9a-f]{64} \d+\n$/);
    assert.deepEqual(contents(join(work, 'tmp/back')), contents(join(work, 'data/photos')));
  });

  test('is a library: every name in exports can be imported', () => {
    const code = names.map(
      (name) => `if (Object.keys(await import('${name}')).length === 0) throw '${name} is empty';`,
    );
    runWell(node, ['--input-type=module', '-e', code.join('\n')], { cwd: folder });
  });

  test('has types for every name in exports', () => {
    const imports = names.map((name, i) => `import * as m${i} from '${name}';`);
    writeFileSync(
      join(folder, 'user.ts'),
      `${imports.join('\n')}\nexport const all: object[] = [${names.map((_, i) => `m${i}`)}];\n`,
    );
    const compilerOptions = {
      strict: true,
      noEmit: true,
      target: 'es2024',
      module: 'nodenext',
      types: ['node'],
      typeRoots: [join(root, 'node_modules/@types')],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['user.ts'] }));
    const { code, stdout } = run(node, [compiler, '-p', '.'], { cwd: folder });
    assert.equal(code, 0, stdout);
  });

  test('under an old Node it names the version it needs', (t) => {
    const old = findOldNode();
    if (old === null) return t.skip('no Node older than 24 on PATH');
    const { code, stderr } = run(old, [launcher, '--version'], { cwd: folder });
    assert.equal(code, 1);
    assert.match(stderr, /^pilotfish: needs Node >= 24, this is \d+\.\d+\.\d+; .*\n$/);
  });
});
