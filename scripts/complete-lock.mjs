// node scripts/complete-lock.mjs: run it after `npm install` has changed package-lock.json.
//
// npm leaves out the builds of a package for other machines when the registry in use does not carry them, and then
// `npm ci` refuses the whole lock, everywhere. This enters them by version and platform; npm never fetches a build
// for another machine. They are tools of developers (lint, unused code), never what users of Pilotfish get.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './pinned-node.mjs';

const systems = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const processors = [
  'arm64',
  'arm',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'x64',
  'wasm32',
];

/** Optional packages the lock names as dependencies without having an entry for them, as [name, version, parent]. */
export function missingOptional(packages) {
  return Object.values(packages).flatMap((parent) =>
    Object.entries(parent.optionalDependencies ?? {})
      .filter(([name]) => packages[`node_modules/${name}`] === undefined)
      .map(([name, version]) => ({ name, version, parent })),
  );
}

function entryFor({ name, version, parent }) {
  const words = name.split(/[-/]/);
  const os = words.filter((word) => systems.includes(word));
  const cpu = words.filter((word) => processors.includes(word));
  if (os.length !== 1 || cpu.length !== 1) throw new Error(`cannot read a platform from the name ${name}`);
  const libc = words.some((word) => word.startsWith('musl')) ? { libc: ['musl'] } : {};
  return { version, cpu, ...(parent.dev ? { dev: true } : {}), ...libc, optional: true, os };
}

function main() {
  const path = join(root, 'package-lock.json');
  const lock = JSON.parse(readFileSync(path, 'utf8'));
  const added = missingOptional(lock.packages).map((item) => [`node_modules/${item.name}`, entryFor(item)]);
  // npm sorts by code unit with the root first.
  const entries = [...Object.entries(lock.packages), ...added].sort(([a], [b]) => a.localeCompare(b, 'en'));
  writeFileSync(path, `${JSON.stringify({ ...lock, packages: Object.fromEntries(entries) }, null, 2)}\n`);
  console.log(`added ${added.length} entries`);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) main();
