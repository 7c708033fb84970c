import { type Clock, PilotfishError, type RandomSource } from '../../base/index.ts';
import {
  type AuditLog,
  emitEvent,
  type RegistryChange,
  type RegistryState,
  type Sql,
  type SqlRow,
} from '../registry/index.ts';
import { checkedCoverage } from './definition/define.ts';
import { checkTransition, type ExperimentStatus } from './definition/states.ts';
import type { Definition, StoredExperiment } from './definition/types.ts';
import { SPLIT_ALPHA } from './results/results.ts';
import {
  definitionOf,
  experimentOf,
  insertExperiment,
  rowOf,
  rowsBy,
  splitOf,
  statusOf,
  updateExperiment,
} from './store.ts';

export type LifePorts = {
  readonly state: RegistryState;
  readonly audit: AuditLog | undefined;
  readonly clock: Clock;
  readonly random: RandomSource;
};

type Step = { readonly to: ExperimentStatus; readonly note: string; readonly change: RegistryChange };

/** How experiments come to be and change their state; every change is written down and told in its transaction. */
export class ExperimentLife {
  readonly #ports: LifePorts;

  constructor(ports: LifePorts) {
    this.#ports = ports;
  }

  /** Keeps a draft. @throws PilotfishError `EXISTS`. */
  create(definition: Definition, coverage: number, change: RegistryChange): Promise<StoredExperiment> {
    return this.#ports.state.write(async (sql) => {
      await insertExperiment(sql, definition, { coverage, nowMs: this.#ports.clock.nowMs() });
      const { id, ...rest } = definition;
      await this.#note(sql, change, ['ab-test.create', id, null, { ...rest, coverage }]);
      await this.#tell(sql, { id, status: 'draft', note: '' }, 'CREATED');
      return experimentOf(await rowOf(sql, id));
    });
  }

  /** @throws PilotfishError `MISSING`, `REFUSED`. */
  move(id: string, to: ExperimentStatus, change: RegistryChange): Promise<StoredExperiment> {
    return this.#ports.state.write(async (sql) => {
      const row = await rowOf(sql, id);
      checkTransition(id, statusOf(row), to);
      if (to === 'running') await refuseStart(sql, row);
      if (to === 'archived') await forgetDetails(sql, row);
      await this.#enter(sql, row, { to, note: change.reason ?? '', change });
      return experimentOf(await rowOf(sql, id));
    });
  }

  /** @throws PilotfishError `USAGE`, `MISSING`, `REFUSED`. */
  cover(id: string, coverage: number, change: RegistryChange): Promise<StoredExperiment> {
    checkedCoverage(coverage);
    return this.#ports.state.write(async (sql) => {
      const row = await rowOf(sql, id);
      const [status, before] = [statusOf(row), Number(row['coverage'])];
      if (status === 'complete' || status === 'archived')
        throw new PilotfishError('REFUSED', `experiment ${id} is ${status}: its coverage stays`);
      if (status !== 'draft' && coverage < before) {
        throw new PilotfishError(
          'REFUSED',
          `coverage is ${before} and can only grow: units in it would lose their arm`,
        );
      }
      await sql.run('UPDATE ab_experiments SET coverage = ? WHERE seq = ?', coverage, Number(row['seq']));
      await this.#note(sql, change, ['ab-test.cover', id, { coverage: before }, { coverage }]);
      return experimentOf(await rowOf(sql, id));
    });
  }

  /** Within the transaction of the records that showed it. */
  pauseForSplit(sql: Sql, row: SqlRow): Promise<void> {
    const note = 'sample-ratio mismatch: the arms did not get their shares';
    return this.#enter(sql, row, { to: 'paused', note, change: { actor: 'pilotfish', reason: note } });
  }

  async #enter(sql: Sql, row: SqlRow, { to, note, change }: Step): Promise<void> {
    const [id, from] = [String(row['id']), statusOf(row)];
    await updateExperiment(sql, row, { status: to, note, nowMs: this.#ports.clock.nowMs() });
    await this.#note(sql, change, ['ab-test.transition', id, { status: from }, { status: to }]);
    await this.#tell(sql, { id, status: to, note }, 'UPDATED');
  }

  async #note(
    sql: Sql,
    change: RegistryChange,
    [action, id, before, after]: readonly [string, string, unknown, unknown],
  ): Promise<void> {
    await this.#ports.audit?.append(sql, { action, subject: `ab-test ${id}`, before, after }, change);
  }

  #tell(
    sql: Sql,
    { id, status, note }: { readonly id: string; readonly status: ExperimentStatus; readonly note: string },
    action: 'CREATED' | 'UPDATED',
  ): Promise<void> {
    const { clock, random } = this.#ports;
    const data = { experiment_id: id, status, note };
    return emitEvent(sql, { entity: 'EXPERIMENT', action, timeMs: clock.nowMs(), data }, random);
  }
}

/** @throws PilotfishError `REFUSED`. */
async function refuseStart(sql: Sql, row: SqlRow): Promise<void> {
  if (splitOf(row).rejects(SPLIT_ALPHA)) {
    throw new PilotfishError(
      'REFUSED',
      'its arms did not get their shares: find the cause, then create another experiment',
    );
  }
  const { id, namespace } = definitionOf(row);
  if (namespace === undefined) return;
  for (const status of ['running', 'paused'] as const) {
    for (const other of (await rowsBy(sql, status)).map(definitionOf)) {
      const taken = other.namespace;
      if (other.id === id || taken?.name !== namespace.name) continue;
      if (taken.from < namespace.to && namespace.from < taken.to)
        throw new PilotfishError(
          'REFUSED',
          `${other.id} has a part of ${taken.name} from ${taken.from} to ${taken.to}: take another`,
        );
    }
  }
}

/** Hashes of units and records are of no more use. */
async function forgetDetails(sql: Sql, row: SqlRow): Promise<void> {
  for (const table of ['ab_records', 'ab_units'])
    await sql.run(`DELETE FROM ${table} WHERE experiment = ?`, Number(row['seq']));
}
