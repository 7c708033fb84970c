// Makes the golden repositories and says what is in them. `node scripts/run.mjs scripts/golden.ts` writes both down.
import { stats } from '../../src/blocks/index.ts';
import { readTree, type TreeState } from '../sim/tree-state.ts';
import { buildDatabases, GOLDEN_TREES, goldenAdviser } from './sources.ts';
import { PASSWORD, SOURCE, Workbench } from './workbench.ts';

export const GOLDEN_KINDS = { plain: undefined, encrypted: PASSWORD } as const;
export type GoldenKind = keyof typeof GOLDEN_KINDS;

/** What a golden repository must be found to hold. */
export interface Expected {
  readonly snapshots: readonly {
    readonly id: string;
    readonly root: string;
    readonly files: number;
    readonly bytes: number;
    /** Every entry with all its attributes, in JSON that sorts and compares. */
    readonly tree: Readonly<Record<string, object>>;
  }[];
  readonly records: { readonly block: number; readonly delta: number; readonly group: number };
  /** Blocks by codec, over all runs. */
  readonly codecs: Readonly<Record<string, number>>;
}

/** A tree as JSON can hold it: big numbers as text. */
export function treeJson(tree: TreeState): Record<string, object> {
  const plain = (value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);
  return Object.fromEntries(
    [...tree].map(([path, state]) => [
      path,
      Object.fromEntries(Object.entries(state).map(([key, value]) => [key, plain(value)])),
    ]),
  );
}

/** Makes a golden repository anew; every call gives the same bytes. */
export async function makeGolden(kind: GoldenKind): Promise<{ bench: Workbench; expected: Expected }> {
  const bench = new Workbench({ seed: 42, password: GOLDEN_KINDS[kind] });
  buildDatabases(bench.fs);
  const snapshots: Expected['snapshots'][number][] = [];
  const codecs: Record<string, number> = {};
  const adviser = goldenAdviser();
  for (const sources of GOLDEN_TREES) {
    bench.build(sources);
    const {
      snapshot = '',
      root,
      files,
      bytes,
      codecs: used,
    } = await bench.pack({ adviser, tags: ['golden'] });
    snapshots.push({
      id: snapshot,
      root: root.toString(),
      files,
      bytes,
      tree: treeJson(readTree(bench.fs, SOURCE)),
    });
    for (const [codec, { blocks }] of Object.entries(used)) codecs[codec] = (codecs[codec] ?? 0) + blocks;
  }
  const { records } = await bench.open(stats);
  return { bench, expected: { snapshots, records, codecs } };
}

/** A line for what it all comes to, one for each snapshot, and one for each entry after its snapshot. */
export function expectedText({ snapshots, records, codecs }: Expected): string {
  const lines: object[] = [{ records, codecs }];
  for (const { tree, ...facts } of snapshots) {
    lines.push(facts);
    for (const [path, state] of Object.entries(tree)) lines.push({ path, ...state });
  }
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** What `expectedText` wrote. */
export function parseExpected(text: string): Expected {
  const [sums, ...lines] = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const snapshots: (Expected['snapshots'][number] & { readonly tree: Record<string, object> })[] = [];
  for (const { path, ...rest } of lines) {
    const latest = snapshots.at(-1);
    if (path === undefined || latest === undefined) snapshots.push({ ...rest, tree: {} });
    else latest.tree[path] = rest;
  }
  return { snapshots, ...sums };
}
