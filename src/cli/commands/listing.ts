import type { TreeEntry, Visited } from '../../blocks/index.ts';
import { localTime, safeName, safeText } from '../text.ts';

const TYPE_LETTERS: Readonly<Record<TreeEntry['type'], string>> = {
  file: '-',
  directory: 'd',
  symlink: 'l',
  fifo: 'p',
  'character-device': 'c',
  'block-device': 'b',
};

/** `drwxr-sr-t` and the like. */
export function modeText({ type, mode }: Pick<TreeEntry, 'type' | 'mode'>): string {
  const triple = (shift: number, special: boolean, letter: string): string => {
    const bits = mode >> shift;
    const run = (bits & 1) !== 0;
    const last = special ? (run ? letter : letter.toUpperCase()) : run ? 'x' : '-';
    return `${bits & 4 ? 'r' : '-'}${bits & 2 ? 'w' : '-'}${last}`;
  };
  const user = triple(6, (mode & 0o4000) !== 0, 's');
  const group = triple(3, (mode & 0o2000) !== 0, 's');
  return TYPE_LETTERS[type] + user + group + triple(0, (mode & 0o1000) !== 0, 't');
}

/** One line as `ls -l` writes it. */
export function longLine({ path, entry }: Visited): string {
  const [uid, gid, user, group] = entry.owner;
  const owner = `${safeText(user || String(uid)).padEnd(8)} ${safeText(group || String(gid)).padEnd(8)}`;
  const time = localTime(Number(entry.mtimeNs / 1_000_000n));
  const target = entry.type === 'symlink' ? ` -> ${safeName(entry.target)}` : '';
  return `${modeText(entry)} ${owner} ${sizeText(entry).padStart(12)} ${time} ${safeName(path)}${target}`;
}

function sizeText(entry: TreeEntry): string {
  if (entry.type === 'file') return String(entry.size);
  if (!('deviceNumber' in entry)) return '0';
  // The layout of dev_t on Linux.
  const { deviceNumber: device } = entry;
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn & 0xffffffffn);
  return `${major},${minor}`;
}

/** One entry as `--json` prints it; docs/cli.md describes each field. */
export function entryJson({ path, entry }: Visited): object {
  const [uid, gid, user, group] = entry.owner;
  return {
    ...textOf('path', path),
    type: entry.type,
    mode: entry.mode,
    uid,
    gid,
    user,
    group,
    mtimeNs: String(entry.mtimeNs),
    ...(entry.type === 'file' ? { size: entry.size, content: entry.content?.toString() ?? null } : {}),
    ...(entry.type === 'symlink' ? textOf('target', entry.target) : {}),
    ...('deviceNumber' in entry ? { deviceNumber: String(entry.deviceNumber) } : {}),
    ...(entry.hardLink === undefined ? {} : textOf('hardLink', entry.hardLink)),
    ...(entry.xattrs.length === 0
      ? {}
      : { xattrs: entry.xattrs.map(([name]) => Buffer.from(name).toString()) }),
  };
}

/** A name as text; one that is no UTF-8 comes in base64 as well, since its text has lost bytes. */
export function textOf(field: string, name: Uint8Array): Record<string, string> {
  const bytes = Buffer.from(name);
  const text = bytes.toString();
  if (Buffer.from(text).equals(bytes)) return { [field]: text };
  return { [field]: text, [`${field}Base64`]: bytes.toString('base64') };
}
