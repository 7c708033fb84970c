import { PilotfishError } from '../../../base/index.ts';
import type { Change } from '../audit/log.ts';
import type { Sql } from '../state/port.ts';
import { jsonOf } from './check.ts';
import { type Core, note, tell } from './core.ts';
import {
  type LifeCycle,
  type ModelStatus,
  statusOfStage,
  stepsBetween,
  type Transition,
  transitionOf,
} from './life-cycle.ts';
import { modelOf, promotedVersions, selectVersions, versionAt } from './records.ts';
import type { Evidence, ModelVersion, StoredEvidence, VersionRef } from './types.ts';

export type PromoteOptions = Change & {
  /** Kept with the version before the transition is judged. */
  readonly evidence?: readonly Evidence[];
  /** Takes the steps that lead there as well, each with its guards; all of them or none. Off. */
  readonly isThrough?: boolean;
};

const MAX_WORD = 64;
const MAX_SUMMARY = 2000;

/** Gives a version a status, writes it down and tells it; asks nothing. */
export async function setStatus(
  core: Core,
  sql: Sql,
  {
    version,
    to,
    change,
  }: { readonly version: ModelVersion; readonly to: ModelStatus; readonly change: Change },
): Promise<void> {
  const nowMs = core.clock.nowMs();
  await sql.run('UPDATE versions SET status = ?, updated_ms = ? WHERE id = ?', to, nowMs, version.modelId);
  await sql.run('UPDATE models SET updated_ms = ? WHERE name = ?', nowMs, version.name);
  const { name, number, status: from } = version;
  await note(core, sql, change, [
    'version.transition',
    `${name}/${number}`,
    { status: from },
    { status: to },
  ]);
  const data = { name, version: String(number), from_status: from, to_status: to };
  await tell(core, sql, { entity: 'MODEL_VERSION', action: 'UPDATED' }, data);
}

/** The steps from one status to another, unless they lead by way of the archive: nothing is put away by the way. */
function wayThrough(cycle: LifeCycle, from: ModelStatus, to: ModelStatus): Transition[] | undefined {
  const way = stepsBetween(cycle, from, to);
  return way?.slice(0, -1).some((step) => step.to === 'archived') ? undefined : way;
}

/** Moves versions through their life cycle. */
export class Transitions {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * Moves a version to a status. One that enters production under a policy of one production version archives the one that
   * is there, in the same transaction.
   * @throws PilotfishError `MISSING`; `REFUSED` for a transition that the policy has not, whose evidence lacks, or towards
   * serving for an artefact that lies elsewhere or is damaged: the message names the steps.
   */
  promote(
    ref: VersionRef,
    to: ModelStatus,
    { evidence = [], isThrough = false, ...change }: PromoteOptions = {},
  ): Promise<ModelVersion> {
    return this.#core.state.write(async (sql) => {
      const version = await versionAt(sql, ref);
      for (const item of evidence) await this.#keep(sql, version, item, change);
      const cycle = await this.#cycleOf(sql, version);
      if (version.status === to) return version;
      const way = isThrough ? wayThrough(cycle, version.status, to) : undefined;
      let { status } = version;
      for (const step of way ?? [transitionOf(cycle, status, to)]) {
        const archives = cycle.hasOneProduction && step.to === 'production';
        await this.#check(sql, { ...version, status }, step);
        await this.#move(sql, { ...version, status }, { to: step.to, change, archives });
        status = step.to;
      }
      return versionAt(sql, { modelId: version.modelId });
    });
  }

  /**
   * MLflow's way to say it: a stage, and whether the other versions in it are archived. A guarded name keeps its guards.
   * @throws PilotfishError as `promote`; `USAGE` for what is no stage.
   */
  async transitionStage(
    ref: VersionRef,
    { stage, archiveExisting }: { readonly stage: string; readonly archiveExisting: boolean },
    change: Change = {},
  ): Promise<ModelVersion> {
    const to = statusOfStage(stage);
    return this.#core.state.write(async (sql) => {
      if (archiveExisting && to !== 'staging' && to !== 'production') {
        throw new PilotfishError(
          'USAGE',
          `Model version transition cannot archive existing model versions because '${stage}' is not an Active stage. Valid stages are Staging, Production`,
        );
      }
      const version = await versionAt(sql, ref);
      const cycle = await this.#cycleOf(sql, version);
      if (version.status !== to) await this.#check(sql, version, transitionOf(cycle, version.status, to));
      const archives = archiveExisting || (cycle.hasOneProduction && to === 'production');
      await this.#move(sql, version, { to, change, archives });
      return versionAt(sql, { modelId: version.modelId });
    });
  }

  /**
   * Puts the version back in production that the present one replaced, and archives the present one. It follows the log of
   * promotions: a second rollback goes one step further.
   * @throws PilotfishError `MISSING` without the name, `REFUSED` when there is none before or its artefact is gone.
   */
  rollback(name: string, change: Change = {}): Promise<ModelVersion> {
    return this.#core.state.write(async (sql) => {
      const model = await modelOf(sql, name);
      const last = await sql.get(
        'SELECT id, version, replaced FROM promotions WHERE model = ? AND undone = 0 ORDER BY id DESC LIMIT 1',
        model.id,
      );
      const replaced = last?.['replaced'];
      if (last === undefined || typeof replaced !== 'string') {
        throw new PilotfishError('REFUSED', `${name} had no version in production before: promote one`);
      }
      const target = await versionAt(sql, { modelId: replaced });
      // What an open name holds elsewhere is only labelled.
      if (model.policy === 'guarded' || target.files.length > 0) this.#checkArtefact(target);
      await sql.run('UPDATE promotions SET undone = 1 WHERE id = ?', Number(last['id']));
      const present = await versionAt(sql, { modelId: String(last['version']) });
      if (present.status === 'production')
        await setStatus(this.#core, sql, { version: present, to: 'archived', change });
      if (target.status !== 'production')
        await setStatus(this.#core, sql, { version: target, to: 'production', change });
      return versionAt(sql, { modelId: replaced });
    });
  }

  /**
   * What is in production, by name, as of one moment. The last version of each list is the one that `loadProduction` loads;
   * before it those that were in production earlier and were not rolled back from, the one of longest ago first.
   */
  production(): Promise<ReadonlyMap<string, readonly ModelVersion[]>> {
    return this.#core.state.read(async (sql) => {
      const order = "WHERE v.status = 'production' ORDER BY m.name, v.updated_ms, v.number";
      const current = new Map((await selectVersions(sql, order)).map((version) => [version.name, version]));
      const all = new Map<string, readonly ModelVersion[]>();
      for (const [name, version] of current) {
        const promoted = await promotedVersions(sql, await modelOf(sql, name));
        const before = promoted.filter(({ modelId }) => modelId !== version.modelId);
        all.set(name, [...before.reverse(), version]);
      }
      return all;
    });
  }

  /** The version of a name in production, which `loadProduction` loads; undefined where none is. */
  async productionOf(name: string): Promise<ModelVersion | undefined> {
    return (await this.production()).get(name)?.at(-1);
  }

  /** Keeps evidence with a version. @throws PilotfishError `MISSING`, `USAGE`. */
  addEvidence(ref: VersionRef, evidence: Evidence, change: Change = {}): Promise<void> {
    return this.#core.state.write(async (sql) =>
      this.#keep(sql, await versionAt(sql, ref), evidence, change),
    );
  }

  /** What was brought forward for a version, oldest first. @throws PilotfishError `MISSING`. */
  evidenceOf(ref: VersionRef): Promise<StoredEvidence[]> {
    return this.#core.state.read(async (sql) => {
      const { modelId } = await versionAt(sql, ref);
      const rows = await sql.all('SELECT * FROM evidence WHERE version = ? ORDER BY id', modelId);
      return rows.map((row) => ({
        kind: String(row['kind']),
        passed: row['passed'] === 1,
        summary: String(row['summary']),
        report: JSON.parse(String(row['report'])) as unknown,
        actor: String(row['actor']),
        createdMs: Number(row['created_ms']),
      }));
    });
  }

  async #cycleOf(sql: Sql, { name }: ModelVersion): Promise<LifeCycle> {
    return this.#core.lifeCycles[(await modelOf(sql, name)).policy];
  }

  async #keep(sql: Sql, version: ModelVersion, evidence: Evidence, change: Change): Promise<void> {
    const { kind, passed, summary, report = null } = evidence;
    if (!/^[a-z][a-z0-9-]*$/.test(kind) || kind.length > MAX_WORD || summary.length > MAX_SUMMARY) {
      throw new PilotfishError(
        'USAGE',
        'evidence has a kind such as `evaluation` and a summary of at most 2000 characters',
      );
    }
    const text = jsonOf('the report of the evidence', report);
    const actor = change.actor ?? 'unknown';
    await sql.run(
      'INSERT INTO evidence (version, kind, passed, summary, report, actor, created_ms) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ...[version.modelId, kind, passed ? 1 : 0, summary, text, actor, this.#core.clock.nowMs()],
    );
    const after = { kind, passed, summary, report };
    await note(this.#core, sql, change, [
      'version.evidence',
      `${version.name}/${version.number}`,
      null,
      after,
    ]);
  }

  /** The guards of a transition. */
  async #check(sql: Sql, version: ModelVersion, { to, evidence }: Transition): Promise<void> {
    const { policy } = await modelOf(sql, version.name);
    const isForward = to === 'testing' || to === 'staging' || to === 'production';
    if (policy === 'guarded' && isForward) this.#checkArtefact(version);
    for (const kind of evidence) {
      const row = await sql.get(
        'SELECT passed, summary FROM evidence WHERE version = ? AND kind = ? ORDER BY id DESC LIMIT 1',
        ...[version.modelId, kind],
      );
      if (row?.['passed'] === 1) continue;
      const found =
        row === undefined ? 'there is none' : `the latest did not pass (${String(row['summary'])})`;
      throw new PilotfishError(
        'REFUSED',
        `${version.name}/${version.number} needs passed evidence of kind ${kind} to go from ${version.status} to ${to}, and ${found}: add it, on the command line with --evidence "${kind}: what was found"`,
      );
    }
  }

  #checkArtefact(version: ModelVersion): void {
    const what = `${version.name}/${version.number}`;
    if (version.health === 'unverified') {
      throw new PilotfishError(
        'REFUSED',
        `the artefact of ${what} lies elsewhere and was never verified: register its file`,
      );
    }
    if (version.health === 'damaged' || !version.files.every(({ sha256 }) => this.#core.store.has(sha256))) {
      throw new PilotfishError(
        'REFUSED',
        `the artefact of ${what} is damaged: restore it, then run \`pilotfish models verify\``,
      );
    }
  }

  async #move(
    sql: Sql,
    version: ModelVersion,
    {
      to,
      change,
      archives,
    }: { readonly to: ModelStatus; readonly change: Change; readonly archives: boolean },
  ): Promise<void> {
    const model = await modelOf(sql, version.name);
    const rest = 'WHERE v.model = ? AND v.status = ? AND v.id <> ? ORDER BY v.number';
    const others = archives ? await selectVersions(sql, rest, model.id, to, version.modelId) : [];
    for (const other of others) await setStatus(this.#core, sql, { version: other, to: 'archived', change });
    if (to === 'production' && version.status !== 'production') {
      await sql.run(
        `INSERT INTO promotions (model, version, replaced, undone) VALUES (?, ?, (SELECT version FROM promotions
           WHERE model = ? AND undone = 0 AND version <> ? ORDER BY id DESC LIMIT 1), 0)`,
        ...[model.id, version.modelId, model.id, version.modelId],
      );
    }
    await setStatus(this.#core, sql, { version, to, change });
  }
}
