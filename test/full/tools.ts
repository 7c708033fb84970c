// Real tools for the tests in this folder: used when present, installed when that is possible and allowed.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Path of a program on PATH, or null. */
export function findTool(name: string): string | null {
  const isProgram = (path: string): boolean => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  };
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isProgram) ?? null;
}

// Only root may install, and only where Debian's tool is; nobody is ever asked for a password.
const mayInstall = (): boolean => process.getuid?.() === 0 && findTool('apt-get') !== null;

const apt = (...args: string[]): boolean => {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // Two test files may want to install at the same time: wait for the lock instead of failing.
  const flags = ['-q', '-y', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=2'];
  return spawnSync('apt-get', [...flags, ...args], { env, stdio: 'ignore', timeout: 300_000 }).status === 0;
};

/** Installs Debian packages; false when that is not possible or not allowed here. */
export function installPackages(...names: readonly string[]): boolean {
  if (!mayInstall()) return false;
  const install = () => apt('install', '--no-install-recommends', ...names);
  // A fresh machine has no package lists yet, an old one stale ones.
  return install() || (apt('update') && install());
}

/** Path of the tool, after installing its Debian package if it is missing; null when it cannot be had here. */
export function ensureTool(name: string, aptPackage: string = name): string | null {
  const present = findTool(name);
  if (present !== null) return present;
  installPackages(aptPackage);
  return findTool(name);
}

/** Why a test that needs the tool was skipped. */
export const absent = (name: string): string =>
  `${name} IS ABSENT and could not be installed (needs root and apt-get): nothing was compared with it`;
