/**
 * Where things lie in a repository. Everything is a plain file, written once under a name in `tmp/` and renamed.
 *
 *   config         what the repository is; its presence makes a directory a repository
 *   damaged/       packs that `repair` took apart; absent in most repositories
 *   doomed         packs that are replaced and wait to be deleted; absent in most repositories
 *   fingerprints   which blocks resemble each other, a cache; absent until somebody asks
 *   index.sqlite   the exact index, a cache
 *   locks/         one empty file per running command
 *   snapshots/     one file per snapshot: its appearance is the commit
 *   store/         packs
 *   tmp/           files being written, named after their writer
 *
 * `snapshots` sorts before `store`: a tool that copies in name order takes the snapshots first, so each one it
 * takes finds its packs already there.
 */
export class Layout {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  get config(): string {
    return `${this.root}/config`;
  }
  get damaged(): string {
    return `${this.root}/damaged`;
  }
  get doomed(): string {
    return `${this.root}/doomed`;
  }
  get fingerprints(): string {
    return `${this.root}/fingerprints`;
  }
  get index(): string {
    return `${this.root}/index.sqlite`;
  }
  get locks(): string {
    return `${this.root}/locks`;
  }
  get snapshots(): string {
    return `${this.root}/snapshots`;
  }
  get store(): string {
    return `${this.root}/store`;
  }
  get tmp(): string {
    return `${this.root}/tmp`;
  }
  get directories(): readonly string[] {
    return [this.locks, this.snapshots, this.store, this.tmp];
  }

  pack(name: string): string {
    return `${this.store}/${name}${PACK_SUFFIX}`;
  }
  snapshot(diskId: string): string {
    return `${this.snapshots}/${diskId}`;
  }
  temporary(writerId: string, name: string): string {
    return `${this.tmp}/${writerId}-${name}`;
  }
}

const PACK_SUFFIX = '.pack';
/** Everything a repository directory may hold; anything else means it is somebody else's directory. */
export const KNOWN_ENTRIES: ReadonlySet<string> = new Set([
  'config',
  'damaged',
  'doomed',
  'fingerprints',
  'index.sqlite',
  'index.sqlite-journal',
  'locks',
  'snapshots',
  'store',
  'tmp',
]);

/** The writer whose temporary file has this name; '', which is nobody, for a name no writer gives. */
export function temporaryWriter(fileName: string): string {
  return fileName.slice(0, Math.max(fileName.indexOf('-'), 0));
}

/** The pack name in a file name of `store/`, or undefined when it is none. */
export function packNameOf(fileName: string): string | undefined {
  return /^[0-9a-f]{64}\.pack$/.test(fileName) ? fileName.slice(0, 64) : undefined;
}
