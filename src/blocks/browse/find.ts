import type { StoredSnapshot } from '../repo/index.ts';
import type { Repository } from '../session/index.ts';
import type { PathTest } from '../source/index.ts';
import { type Visited, walkTree } from './tree-walk.ts';

/** A path that fits, and the snapshot it is in. */
export interface Found extends Visited {
  readonly snapshot: StoredSnapshot;
}

/** Paths that fit a pattern, in all snapshots from the newest to the oldest, or in those named. */
export function* findPaths(
  repository: Repository,
  fits: PathTest,
  names?: readonly string[],
): Generator<Found, void> {
  const { snapshots, reader } = repository;
  const all =
    names?.map((name) => snapshots.resolve(name)) ??
    snapshots
      .list((error) => {
        throw error;
      })
      .reverse();
  for (const snapshot of all) {
    for (const { path, entry } of walkTree(snapshot.root, (id) => reader.read(id))) {
      if (fits(path.toString())) yield { path, entry, snapshot };
    }
  }
}
