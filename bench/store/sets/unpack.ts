// Downloads Debian packages and unpacks them into a folder, as no more than files.
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureTool, findTool } from '../../../test/full/tools.ts';
import { runWell } from '../commands.ts';
import { emptyFolder } from '../folders.ts';
import { CannotBuild } from './build.ts';
import { packages } from './debian.ts';

/** The files of a folder of downloads, by package. */
function archives(folder: string): Map<string, string> {
  const names = readdirSync(folder).filter((name) => name.endsWith('.deb'));
  return new Map(names.map((name) => [name.slice(0, name.indexOf('_')), name]));
}

/** Downloads the packages that are missing; returns the file names of all, in order. */
export function downloadPackages(folder: string, say: (line: string) => void): string[] {
  if (findTool('apt-get') === null || findTool('dpkg') === null)
    throw new CannotBuild('set A comes from Debian packages: apt-get and dpkg are needed');
  const missing = packages.filter((name) => !archives(folder).has(name));
  if (missing.length > 0) {
    say(`set A: ${missing.length} of ${packages.length} packages`);
    const download = (): string =>
      runWell({ program: 'apt-get', args: ['-q', 'download', ...missing], cwd: folder });
    try {
      download();
    } catch {
      // A fresh machine has no package lists yet, an old one stale ones.
      if (process.getuid?.() === 0) runWell({ program: 'apt-get', args: ['-q', 'update'], cwd: folder });
      download();
    }
  }
  const have = archives(folder);
  return packages.map((name) => have.get(name) ?? '').sort();
}

/** Compiles what Python there is, so that there is bytecode; without a clock in it. */
function compilePython(root: string, say: (line: string) => void): void {
  const python = ensureTool('python3');
  if (python === null) {
    say('set A: python3 IS ABSENT, the set goes without bytecode');
    return;
  }
  const flags = ['-q', '-j', '0', '-s', root, '--invalidation-mode', 'unchecked-hash'];
  // Some files are samples of what does not compile: the exit code says no more than that.
  const line = `"$0" -m compileall "$@" >/dev/null 2>&1; true`;
  runWell({ program: 'sh', args: ['-c', line, python, ...flags, join(root, 'usr/lib/python3')], cwd: root });
}

/** A folder with everything that is in the packages; one that was completed is used again. */
export function unpackPackages(
  folder: string,
  files: readonly string[],
  say: (line: string) => void,
): string {
  const root = join(folder, 'root');
  const stamp = join(folder, 'unpacked');
  if (existsSync(stamp)) return root;
  emptyFolder(root);
  say('set A: unpacking');
  for (const file of files) runWell({ program: 'dpkg', args: ['-x', join(folder, file), root], cwd: folder });
  compilePython(root, say);
  writeFileSync(stamp, '');
  return root;
}
