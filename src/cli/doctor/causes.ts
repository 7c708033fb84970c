import type { ErrorCode } from '../../base/index.ts';

/** What `doctor` looks at, in this order. */
export const CHECKS = [
  'node',
  'directory',
  'rights',
  'space',
  'database',
  'store',
  'clock',
  'audit',
  'models',
] as const;
export type CheckName = (typeof CHECKS)[number];

/** Why a check may fail, and what helps. `docs/operations/troubleshooting.md` is made from these. */
export type Cause = {
  readonly check: CheckName;
  readonly code: ErrorCode;
  readonly cause: string;
  readonly remedy: string;
};

export const CAUSES: readonly Cause[] = [
  {
    check: 'node',
    code: 'UNSUPPORTED',
    cause: 'Node is older than what the program was made for',
    remedy: 'install a newer Node, or start through bin/pilotfish.js, which brings its own',
  },
  {
    check: 'directory',
    code: 'NO_REPOSITORY',
    cause: 'the data directory is not there or holds no registry',
    remedy: 'name another with --data, or make it: `pilotfish models register` and `pilotfish serve` do',
  },
  {
    check: 'rights',
    code: 'REFUSED',
    cause: 'others than its owner may enter the data directory',
    remedy: 'chmod 700 the data directory',
  },
  {
    check: 'rights',
    code: 'IO',
    cause: 'the data directory cannot be written',
    remedy:
      'give it to the user that runs Pilotfish (chown), and see that its device is not mounted read-only',
  },
  {
    check: 'rights',
    code: 'NO_SPACE',
    cause: 'not even a small file could be written',
    remedy: 'free some space or move the directory',
  },
  {
    check: 'space',
    code: 'NO_SPACE',
    cause: 'hardly any space is left on the device',
    remedy: 'free some or move the directory; a full disk refuses changes and loses nothing',
  },
  {
    check: 'database',
    code: 'NEWER_VERSION',
    cause: 'the directory was written by a newer Pilotfish',
    remedy: 'update Pilotfish, or open a backup that was made before',
  },
  {
    check: 'database',
    code: 'LOCKED',
    cause: 'another process holds the database for longer than ten seconds',
    remedy: 'wait for it, or find it with `fuser registry.db` and end it',
  },
  {
    check: 'database',
    code: 'DAMAGED',
    cause:
      'the database, the marker or the signing key is not what was written, or a backup was not finished',
    remedy: 'stop everything, copy the directory, and restore the last backup',
  },
  {
    check: 'database',
    code: 'REFUSED',
    cause: 'others may read the signing key',
    remedy: 'chmod 600 the key in the artefact folder; if others had access, restore a backup of before',
  },
  {
    check: 'database',
    code: 'IO',
    cause: 'the database cannot be read',
    remedy: 'check the device, and who owns registry.db and the files beside it',
  },
  {
    check: 'database',
    code: 'USAGE',
    cause: 'PILOTFISH_ARTEFACT_KEY is no key',
    remedy: 'give 64 hexadecimal digits, as `openssl rand -hex 32` makes them',
  },
  {
    check: 'store',
    code: 'IO',
    cause: 'the folder of the artefacts cannot be written',
    remedy: 'give it to the user that runs Pilotfish (chown), and check ML_MODEL_STORAGE_DIR',
  },
  {
    check: 'store',
    code: 'NO_SPACE',
    cause: 'the device of the artefacts is full',
    remedy: 'free some space, or move the artefacts and set ML_MODEL_STORAGE_DIR',
  },
  {
    check: 'clock',
    code: 'REFUSED',
    cause: 'the clock is behind what was written already, or before this program was made',
    remedy: 'set the clock (timedatectl set-ntp true); times in the log are only as good as it is',
  },
  {
    check: 'audit',
    code: 'TAMPERED',
    cause: 'an entry of the audit log was changed, removed or added',
    remedy: 'compare with a backup; `pilotfish audit verify` names the entry',
  },
  {
    check: 'models',
    code: 'DAMAGED',
    cause: 'the artefact of a version is not what was registered',
    remedy:
      'register the same file again, then `pilotfish models verify`; until then the last good version serves',
  },
];
