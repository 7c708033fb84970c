import type {
  Alert,
  AlertOutcome,
  AuditEntry,
  AuditReport,
  ModelMetadata,
  ModelStatus,
  ModelVersion,
  RegistryEvent,
  ScrubReport,
  StoredEvidence,
  VersionEvidence,
} from '../../lifecycle/index.ts';
import { DriftClient } from './drift.ts';
import { ExperimentsClient } from './experiments.ts';
import { IngestClient } from './ingest.ts';
import { JobsClient } from './jobs.ts';
import { OnlineClient } from './online.ts';
import { PoliciesClient } from './policies.ts';
import { RolloutsClient } from './rollouts.ts';
import { type ClientOptions, type ClientVersionRef, pathOf, Transport } from './transport.ts';

export type ClientPrediction = {
  readonly model: string;
  readonly version: string;
  readonly values: readonly number[];
  readonly label: string | null;
};

/**
 * The native API of a server, typed. Errors have the codes that the library itself throws. It needs nothing but `fetch`.
 *
 * @example
 * const client = new PilotfishClient({ url: 'http://127.0.0.1:5000' });
 * await client.register({ name: 'trees', version: 'v1.0.0', algorithm: 'trees', framework: 'xgboost' }, bytes);
 * await client.promote({ name: 'trees', version: 'v1.0.0' }, 'testing');
 * const { recommendation, reason } = await client.experiments.results('trees-2-test');
 */
export class PilotfishClient {
  readonly experiments: ExperimentsClient;
  readonly rollouts: RolloutsClient;
  readonly drift: DriftClient;
  readonly online: OnlineClient;
  readonly policies: PoliciesClient;
  readonly jobs: JobsClient;
  readonly ingest: IngestClient;
  readonly #transport: Transport;

  constructor(options: ClientOptions) {
    const transport = new Transport(options);
    this.#transport = transport;
    this.experiments = new ExperimentsClient(transport);
    this.rollouts = new RolloutsClient(transport);
    this.drift = new DriftClient(transport);
    this.online = new OnlineClient(transport);
    this.policies = new PoliciesClient(transport);
    this.jobs = new JobsClient(transport);
    this.ingest = new IngestClient(transport);
  }

  /** Versions of a name, in a status, or all. */
  async list(
    filter: { readonly name?: string; readonly status?: ModelStatus } = {},
  ): Promise<ModelVersion[]> {
    const { models } = await this.#transport.json<{ models: ModelVersion[] }>('GET', 'models', {
      query: filter,
    });
    return models;
  }

  /** A version with its evidence. @throws PilotfishError `MISSING`. */
  show(ref: ClientVersionRef): Promise<{ version: ModelVersion; evidence: StoredEvidence[] }> {
    return this.#transport.json('GET', versionPath(ref));
  }

  /** Sends the file of a new version. @throws PilotfishError `EXISTS`, `USAGE`, `DAMAGED`, `LIMIT`. */
  register(
    metadata: Omit<ModelMetadata, 'parameters' | 'trainingData' | 'lineage'>,
    file: Uint8Array | ReadableStream<Uint8Array>,
  ): Promise<ModelVersion> {
    const { name, version, algorithm, framework, description, filePath, fileHash, metrics, tags } = metadata;
    const query = {
      ...{ version, algorithm, framework, description, file: filePath, sha256: fileHash },
      ...{ metrics: metrics && JSON.stringify(metrics), tags: tags && JSON.stringify(tags) },
    };
    return this.#transport.json('POST', pathOf('models', name, 'versions'), { query, file });
  }

  /** Moves a version through its life cycle. @throws PilotfishError `REFUSED`, with the steps that are missing. */
  promote(
    ref: ClientVersionRef,
    to: ModelStatus,
    { evidence, reason }: { readonly evidence?: readonly VersionEvidence[]; readonly reason?: string } = {},
  ): Promise<ModelVersion> {
    return this.#transport.json('POST', `${versionPath(ref)}/promote`, { body: { to, evidence, reason } });
  }

  /** Puts the version before the present one back in production. @throws PilotfishError `REFUSED`, `MISSING`. */
  rollback(name: string, reason?: string): Promise<ModelVersion> {
    return this.#transport.json('POST', pathOf('models', name, 'rollback'), { body: { reason } });
  }

  /** Asks the version in production, or the one that is named. */
  predict(
    name: string,
    features: readonly number[] | Readonly<Record<string, number>>,
    version?: string,
  ): Promise<ClientPrediction> {
    return this.#transport.json('POST', pathOf('models', name, 'predict'), { body: { features, version } });
  }

  /** Reads every artefact, of a name or of all. */
  verify(name?: string): Promise<ScrubReport> {
    return this.#transport.json('POST', 'verify', { body: { name } });
  }

  /** Entries of the audit log, oldest first. */
  async audit(
    query: { readonly after?: number; readonly subject?: string; readonly limit?: number } = {},
  ): Promise<AuditEntry[]> {
    const { after, subject, limit } = query;
    const asked = { after: after?.toString(), subject, limit: limit?.toString() };
    return (await this.#transport.json<{ entries: AuditEntry[] }>('GET', 'audit', { query: asked })).entries;
  }

  /** @throws PilotfishError `TAMPERED`. */
  verifyAudit(): Promise<AuditReport> {
    return this.#transport.json('POST', 'audit/verify');
  }

  /**
   * Tells what was found, as Alertmanager does; the policy of the server says what follows. The same alert is acted upon
   * once. @throws PilotfishError `USAGE`.
   */
  async tellAlerts(alerts: readonly Alert[]): Promise<AlertOutcome[]> {
    const body = { version: '4', alerts: alerts.map(messageOf) };
    return (await this.#transport.json<{ outcomes: AlertOutcome[] }>('POST', 'alerts', { body })).outcomes;
  }

  /** What happens to models from now on, or after an event that was seen; until `signal` is aborted. */
  async *events({
    after,
    signal,
  }: {
    readonly after?: number;
    readonly signal: AbortSignal;
  }): AsyncGenerator<RegistryEvent> {
    const asked = { query: { after: after?.toString() }, signal };
    for await (const block of this.#transport.pieces('events', '\n\n', asked)) {
      const event = eventOf(block);
      if (event !== undefined) yield event;
    }
  }
}

const versionPath = ({ name, version }: ClientVersionRef): string =>
  pathOf('models', name, 'versions', version);

const messageOf = ({ fingerprint, name, isFiring, startsMs, model, summary }: Alert) => ({
  ...{ fingerprint, status: isFiring ? 'firing' : 'resolved', startsAt: new Date(startsMs).toISOString() },
  labels: { alertname: name, ...(model === undefined ? {} : { model }) },
  annotations: { summary },
});

function eventOf(block: string): RegistryEvent | undefined {
  const fields = new Map(
    block.split('\n').map((line) => {
      const at = line.indexOf(': ');
      return [line.slice(0, at), line.slice(at + 2)] as const;
    }),
  );
  const data = fields.get('data');
  if (data === undefined) return undefined;
  return { ...(JSON.parse(data) as Omit<RegistryEvent, 'seq'>), seq: Number(fields.get('id')) };
}
