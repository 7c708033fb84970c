// The list of contenders: which exist, which run by default, which can be had on this machine.
import { ensureTool, findTool } from '../../../test/full/tools.ts';
import { runWell } from '../commands.ts';
import { borg } from './borg.ts';
import type { Absent, Contender } from './contender.ts';
import { type Launcher, pilotfish } from './pilotfish.ts';
import { restic } from './restic.ts';
import { plainTar, zstdTar } from './tar.ts';

/** Everything that can be measured, in the order of the table. The last ones take long: only when asked for. */
export const toolIds = [
  'pilotfish',
  'pilotfish-encrypted',
  'restic-auto',
  'borg-lz4',
  'borg-zstd-3',
  'tar',
  'tar-zstd',
  'tar-zstd-long',
  'restic-max',
] as const;
export type ToolId = (typeof toolIds)[number];

const slowTools: readonly ToolId[] = ['restic-max'];

/** What runs when nothing else is asked for. */
export const defaultTools = (isThorough: boolean): ToolId[] =>
  toolIds.filter((id) => isThorough || !slowTools.includes(id));

/** How a program is looked for; installing may take its Debian package. */
type Find = (name: string, aptPackage?: string) => string | null;
export const findOrInstall: Find = ensureTool;
export const findOnly: Find = findTool;

interface Program {
  readonly name: string;
  readonly aptPackage: string;
  readonly ask: readonly string[];
  readonly version: RegExp;
}

const programs = {
  restic: { name: 'restic', aptPackage: 'restic', ask: ['version'], version: /restic (\S+)/ },
  borg: { name: 'borg', aptPackage: 'borgbackup', ask: ['--version'], version: /borg (\S+)/ },
  zstd: { name: 'zstd', aptPackage: 'zstd', ask: ['--version'], version: /v(\d[\w.]*)/ },
  tar: { name: 'tar', aptPackage: 'tar', ask: ['--version'], version: /GNU tar\) (\S+)/ },
} satisfies Record<string, Program>;

interface Found {
  readonly path: string;
  readonly version: string;
}

const makers: Readonly<Record<ToolId, (found: Found, launcher: Launcher) => Contender>> = {
  pilotfish: (_, launcher) => pilotfish(launcher, false),
  'pilotfish-encrypted': (_, launcher) => pilotfish(launcher, true),
  'restic-auto': ({ path, version }) => restic(path, version, 'auto'),
  'restic-max': ({ path, version }) => restic(path, version, 'max'),
  'borg-lz4': ({ path, version }) => borg(path, version, 'lz4'),
  'borg-zstd-3': ({ path, version }) => borg(path, version, 'zstd,3'),
  tar: ({ version }) => plainTar(version),
  'tar-zstd': (found) => zstdTar('tar-zstd', 'tar | zstd -3', { ...found, flags: ['-3'] }),
  'tar-zstd-long': (found) =>
    zstdTar('tar-zstd-long', 'tar | zstd -3 --long=27', { ...found, flags: ['-3', '--long=27'] }),
};

function programOf(id: ToolId): Program | undefined {
  if (id.startsWith('pilotfish')) return undefined;
  if (id.startsWith('restic')) return programs.restic;
  if (id.startsWith('borg')) return programs.borg;
  return id === 'tar' ? programs.tar : programs.zstd;
}

function look({ name, aptPackage, ask, version }: Program, find: Find): Found | string {
  const path = find(name, aptPackage);
  if (path === null) return `${name} IS ABSENT: install the Debian package ${aptPackage}`;
  const text = runWell({ program: path, args: ask, cwd: '/' });
  const found = version.exec(text)?.[1];
  return found === undefined
    ? `${name} says ${text.split('\n', 1)[0]}: another program`
    : { path, version: found };
}

/** The contenders that can run here, and why the others cannot. */
export function findContenders(
  ids: readonly ToolId[],
  launcher: Launcher,
  find: Find,
): { contenders: Contender[]; absent: Absent[] } {
  const contenders: Contender[] = [];
  const absent: Absent[] = [];
  for (const id of ids) {
    const program = programOf(id);
    const found = program === undefined ? { path: '', version: '' } : look(program, find);
    if (typeof found === 'string') absent.push({ id, reason: found });
    else contenders.push(makers[id](found, launcher));
  }
  return { contenders, absent };
}
