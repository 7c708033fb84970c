import {
  asRepositoryError,
  type Clock,
  type ErrorCode,
  type FileSystem,
  hasCode,
  MIB,
  PilotfishError,
  type RandomSource,
  writeAll,
} from '../../base/index.ts';
import type { RegistryDirectory } from '../../lifecycle/index.ts';
import { bytesText, counted, localTime } from '../text.ts';
import { CAUSES, CHECKS, type CheckName } from './causes.ts';

/** What one check found. `skipped`: what it needs failed before. */
export type Finding = {
  readonly check: CheckName;
  readonly state: 'well' | 'failed' | 'skipped';
  readonly what: string;
  readonly code?: ErrorCode;
  readonly remedy?: string;
};

/** What is examined, and with what. */
export type Patient = {
  readonly data: string;
  readonly storageDir: string;
  readonly fs: FileSystem;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Version of Node, as `26.10.0`. */
  readonly nodeVersion: string;
  /** Bytes that are left on the device of a path; undefined where nobody can tell. */
  readonly bytesLeft: ((path: string) => number) | undefined;
  readonly isRegistry: (path: string) => boolean;
  readonly open: () => RegistryDirectory;
};

const LEAST_NODE = 24;
const LEAST_FREE_BYTES = 256 * MIB;
/** The clock of no machine that runs this can be before it was made. */
const MADE_MS = Date.UTC(2026, 0, 1);
/** Clocks of machines that share a directory differ by less. */
const TOLERANCE_MS = 600_000;

type Check = (patient: Patient, directory: () => RegistryDirectory) => string | Promise<string>;

/** Each answers with what is well. @throws PilotfishError for what is not. */
const WORK: Readonly<Record<CheckName, Check>> = {
  node: ({ nodeVersion }) => {
    if (Number.parseInt(nodeVersion, 10) >= LEAST_NODE) return `Node ${nodeVersion}`;
    throw new PilotfishError('UNSUPPORTED', `Node ${nodeVersion} is older than ${LEAST_NODE}`);
  },
  directory: ({ data, isRegistry }) => {
    if (isRegistry(data)) return data;
    throw new PilotfishError('NO_REPOSITORY', `there is no registry in ${data}`);
  },
  rights: (patient) => {
    const { data, fs } = patient;
    const mode = fs.lstat(data).mode & 0o777;
    if ((mode & 0o077) !== 0) throw new PilotfishError('REFUSED', `${data} has the mode ${mode.toString(8)}`);
    tryWriting(patient, data);
    return 'private, and can be written';
  },
  space: ({ data, storageDir, bytesLeft }) => {
    if (bytesLeft === undefined) return 'nobody can tell here how much is left';
    const free = Math.min(bytesLeft(data), bytesLeft(storageDir));
    if (free >= LEAST_FREE_BYTES) return `${bytesText(free)} left`;
    throw new PilotfishError('NO_SPACE', `${bytesText(free)} left`);
  },
  database: async (_patient, directory) => {
    const { registry } = directory();
    return `${counted(await registry.audit.last(), 'change')} so far`;
  },
  store: (patient, directory) => {
    directory();
    tryWriting(patient, patient.storageDir);
    return `${patient.storageDir} can be written`;
  },
  clock: async ({ clock }, directory) => {
    const { audit } = directory().registry;
    const [entry] = await audit.entries({ after: (await audit.last()) - 1 });
    const [nowMs, leastMs] = [clock.nowMs(), Math.max(MADE_MS, (entry?.timeMs ?? 0) - TOLERANCE_MS)];
    if (nowMs >= leastMs) return localTime(nowMs);
    throw new PilotfishError(
      'REFUSED',
      `it says ${localTime(nowMs)}, and must be after ${localTime(leastMs)}`,
    );
  },
  audit: async (_patient, directory) => {
    const { entries } = await directory().registry.audit.verify();
    return `${entries} of ${entries} entries are as they were written`;
  },
  models: async (_patient, directory) => {
    const { files, bytes, damaged } = await directory().registry.verify();
    if (damaged.length === 0) return `${counted(files, 'file')} read, ${bytesText(bytes)}`;
    const names = damaged.map(({ name, number }) => `${name}/${number}`);
    throw new PilotfishError('DAMAGED', `damaged: ${names.join(', ')}`);
  },
};

/** Does every check, each for itself. */
export async function examine(patient: Patient): Promise<Finding[]> {
  let directory: RegistryDirectory | undefined;
  const findings: Finding[] = [];
  const isWell = (check: CheckName): boolean =>
    findings.some((finding) => finding.check === check && finding.state === 'well');
  const opened = (): RegistryDirectory => {
    directory ??= patient.open();
    return directory;
  };
  try {
    for (const check of CHECKS) findings.push(await finding(check, patient, { opened, isWell }));
  } finally {
    await directory?.close();
  }
  return findings;
}

/** Without a directory nothing is opened, so that nothing is made; without a database nothing is read from it. */
const NEEDS: Partial<Readonly<Record<CheckName, CheckName>>> = {
  rights: 'directory',
  space: 'directory',
  database: 'directory',
  store: 'database',
  clock: 'database',
  audit: 'database',
  models: 'database',
};

async function finding(
  check: CheckName,
  patient: Patient,
  {
    opened,
    isWell,
  }: { readonly opened: () => RegistryDirectory; readonly isWell: (check: CheckName) => boolean },
): Promise<Finding> {
  const need = NEEDS[check];
  if (need !== undefined && !isWell(need))
    return { check, state: 'skipped', what: `only when ${need} is well` };
  try {
    return { check, state: 'well', what: await WORK[check](patient, opened) };
  } catch (error) {
    const coded = hasCode(error) ? error : asRepositoryError(error, patient.data);
    if (!hasCode(coded)) throw coded;
    const { code, message } = coded;
    const known = CAUSES.find((cause) => cause.check === check && cause.code === code);
    // What is not foreseen says itself what to do.
    const remedy = known === undefined ? {} : { remedy: known.remedy };
    return { check, state: 'failed', what: message, code, ...remedy };
  }
}

/** Writes a file, syncs it and deletes it. @throws PilotfishError `IO`, `NO_SPACE`. */
function tryWriting({ fs, random }: Patient, directory: string): void {
  const path = `${directory}/.doctor-${random(8).toString('hex')}`;
  try {
    const fd = fs.open(path, 'create', 0o600);
    try {
      writeAll(fs, fd, Buffer.from('doctor\n'), 0);
      fs.fsync(fd);
    } finally {
      fs.close(fd);
      fs.unlink(path);
    }
  } catch (error) {
    throw asRepositoryError(error, directory);
  }
}
