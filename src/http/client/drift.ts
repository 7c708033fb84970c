import type { DriftAlert, DriftExplanation, DriftStatus, DriftType } from '../../lifecycle/index.ts';
import { pathOf, type Reviver, type Transport } from './transport.ts';

const MOMENTS = new Set(['detectedAt', 'updatedAt', 'since']);

const revive: Reviver = (key, value) =>
  MOMENTS.has(key) && typeof value === 'string' ? new Date(value) : value;

/** Baselines, what is recorded, and alarms, on a server; as `DriftDetector`. */
export class DriftClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Sets what features were when the models learnt. @throws PilotfishError `USAGE`, `EMPTY`, `LIMIT`. */
  async setBaseline(
    features: Readonly<Record<string, readonly number[]>>,
    options: {
      readonly type?: DriftType;
      readonly models?: readonly string[];
      readonly reason?: string;
    } = {},
  ): Promise<DriftStatus[]> {
    const parts = { body: { features, ...options }, revive };
    return (await this.#transport.json<{ streams: DriftStatus[] }>('PUT', 'drift/baseline', parts)).streams;
  }

  /** Takes in rows of numbers by name, at most 10 000; all or none. @throws PilotfishError `MISSING`, `USAGE`. */
  async record(rows: readonly Readonly<Record<string, number>>[], type?: DriftType): Promise<void> {
    await this.#transport.json('POST', 'drift/record', { body: { rows, type } });
  }

  /** What is watched, and how far it is from its baseline. */
  async status(): Promise<DriftStatus[]> {
    return (await this.#transport.json<{ streams: DriftStatus[] }>('GET', 'drift', { revive })).streams;
  }

  /** Alarms, oldest first; of the last day unless a time is given. */
  async alerts(since?: Date): Promise<DriftAlert[]> {
    const parts = { query: { since: since?.toISOString() }, revive };
    return (await this.#transport.json<{ alerts: DriftAlert[] }>('GET', 'drift/alerts', parts)).alerts;
  }

  /** Why a feature alarms as often as it does, and what to change. @throws PilotfishError `MISSING`. */
  explain(feature: string, type?: DriftType): Promise<DriftExplanation> {
    return this.#transport.json('GET', pathOf('drift', 'features', feature), { query: { type }, revive });
  }
}
