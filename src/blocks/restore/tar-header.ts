import type { Visited } from '../browse/index.ts';
import type { TreeEntry } from '../tree/index.ts';

/**
 * Headers of a pax archive (POSIX.1-2017, pax, "pax Interchange Format"). Our own, because the libraries take names as
 * text: names here are bytes. What ustar cannot say exactly goes into an extended header before it; names that are no
 * UTF-8 are announced by `hdrcharset=BINARY`.
 */
const BLOCK_BYTES = 512;
const TYPE_FLAGS: Record<TreeEntry['type'], string> = {
  file: '0',
  symlink: '2',
  'character-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
};
const HARD_LINK_FLAG = '1';
const EXTENDED_FLAG = 'x';
const MAX_OCTAL_7 = 0o7777777;
const MAX_OCTAL_11 = 0o77777777777;

/** The header block or blocks of a member; `linkTo` makes it a hard link to that path. */
export function tarHeader({ path, entry }: Visited, linkTo: Uint8Array | undefined): Buffer {
  const name = entry.type === 'directory' ? Buffer.concat([path, Buffer.from('/')]) : path;
  const target = linkTo ?? (entry.type === 'symlink' ? entry.target : new Uint8Array(0));
  const flag = linkTo === undefined ? TYPE_FLAGS[entry.type] : HARD_LINK_FLAG;
  const records = extendedRecords(entry, name, target);
  const size = entry.type === 'file' && linkTo === undefined ? entry.size : 0;
  const main = ustar({ name, target, flag, size, entry });
  if (records.length === 0) return main;
  const body = Buffer.concat(records);
  const announced = ustar({
    name: Buffer.from('././@PaxHeader'),
    target: new Uint8Array(0),
    flag: EXTENDED_FLAG,
    size: body.length,
    entry,
  });
  return Buffer.concat([announced, body, tarPadding(body.length), main]);
}

/** Zeros up to the next block after `size` bytes of content. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES);
}

/** Two blocks of zeros end an archive. */
export function tarEnd(): Buffer {
  return Buffer.alloc(2 * BLOCK_BYTES);
}

function extendedRecords(entry: TreeEntry, name: Uint8Array, target: Uint8Array): Buffer[] {
  const [uid, gid, user, group] = entry.owner;
  const records: Buffer[] = [];
  const add = (key: string, value: string | Uint8Array): void => {
    records.push(paxRecord(key, Buffer.from(value)));
  };
  if (![name, target].every(isUtf8)) add('hdrcharset', 'BINARY');
  if (name.length > 100) add('path', name);
  if (target.length > 100) add('linkpath', target);
  if (entry.mtimeNs % 1_000_000_000n !== 0n || entry.mtimeNs < 0n) add('mtime', seconds(entry.mtimeNs));
  if (uid > MAX_OCTAL_7) add('uid', String(uid));
  if (gid > MAX_OCTAL_7) add('gid', String(gid));
  if (Buffer.byteLength(user) > 31) add('uname', user);
  if (Buffer.byteLength(group) > 31) add('gname', group);
  if (entry.type === 'file' && entry.size > MAX_OCTAL_11) add('size', String(entry.size));
  for (const [key, value] of entry.xattrs) add(`SCHILY.xattr.${Buffer.from(key).toString('latin1')}`, value);
  return records;
}

/** `length key=value\n`, where the length counts itself. */
function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`, 'latin1'), value, Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

/** Seconds with nine decimals, floored so that the decimals count up, also before 1970. */
function seconds(ns: bigint): string {
  const negative = ns < 0n;
  const abs = negative ? -ns : ns;
  const text = `${abs / 1_000_000_000n}.${String(abs % 1_000_000_000n).padStart(9, '0')}`;
  return negative ? `-${text}` : text;
}

interface Fields {
  readonly name: Uint8Array;
  readonly target: Uint8Array;
  readonly flag: string;
  readonly size: number;
  readonly entry: TreeEntry;
}

function ustar({ name, target, flag, size, entry }: Fields): Buffer {
  const [uid, gid, user, group] = entry.owner;
  const header = Buffer.alloc(BLOCK_BYTES);
  header.set(name.subarray(0, 100), 0);
  octal(header, 100, 8, entry.mode);
  octal(header, 108, 8, uid > MAX_OCTAL_7 ? 0 : uid);
  octal(header, 116, 8, gid > MAX_OCTAL_7 ? 0 : gid);
  octal(header, 124, 12, size > MAX_OCTAL_11 ? 0 : size);
  octal(header, 136, 12, Math.max(0, Number(entry.mtimeNs / 1_000_000_000n)));
  header.write(flag, 156, 'latin1');
  header.set(target.subarray(0, 100), 157);
  header.write('ustar\x0000', 257, 'latin1');
  header.set(Buffer.from(user).subarray(0, 31), 265);
  header.set(Buffer.from(group).subarray(0, 31), 297);
  const device = entry.type === 'character-device' || entry.type === 'block-device' ? entry.deviceNumber : 0n;
  octal(header, 329, 8, Number((device >> 8n) & 0xfffn) + Number((device >> 32n) & 0xfffff000n));
  octal(header, 337, 8, Number(device & 0xffn) + Number((device >> 12n) & 0xffffff00n));
  header.fill(0x20, 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

function octal(header: Buffer, at: number, width: number, value: number): void {
  header.write(
    value
      .toString(8)
      .padStart(width - 1, '0')
      .slice(-(width - 1)),
    at,
    'latin1',
  );
}

function isUtf8(bytes: Uint8Array): boolean {
  return Buffer.from(Buffer.from(bytes).toString('utf8')).equals(bytes);
}
