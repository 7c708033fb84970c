import type { ModelArtefact } from '../../../decisions/index.ts';
import type { NamedSource } from './registry.ts';
import type { Evidence, ModelMetadata } from './types.ts';

/** What is registered of a model of a decision room. */
export type RoomModel = {
  readonly metadata: ModelMetadata;
  readonly files: readonly NamedSource[];
  /** Its evaluation, as its manifest has it. */
  readonly evidence: Evidence;
};

/**
 * The model of a room as the registry takes it: lineage, privacy budget and held-out figures come from its manifest. Its
 * evaluation counts as passed when it learnt from real data and, over all its questions together, regrets no more than
 * the rule does.
 */
export function roomModel({ manifest, files }: ModelArtefact): RoomModel {
  const { room, name, version, family, topology, featureSchema, device, date, lineage, metrics, privacy } =
    manifest;
  const { tableSha256, seed, command, sealedGroups, synthetic } = lineage;
  const metadata: ModelMetadata = {
    ...{
      name,
      version: /^[0-9]/.test(version) ? `v${version}` : version,
      algorithm: family,
      framework: 'pilotfish',
    },
    description: `the model of the room ${room}`,
    metrics,
    parameters: { room, topology: topology.join('-'), featureSchema, device },
    trainingData: { datasetVersion: tableSha256, completedAt: date },
    lineage: { datasetHash: tableSha256, privacy, seed, command },
  };
  const named = [...files].map(([file, content]) => ({ name: file, content }));
  const manifestFile = {
    name: 'manifest.json',
    content: Buffer.from(`${JSON.stringify(manifest, undefined, 1)}\n`),
  };
  const advantages = Object.entries(metrics).filter(([key]) => key.startsWith('advantage'));
  const total = advantages.reduce((sum, [, value]) => sum + value, 0);
  const evidence = {
    kind: 'evaluation',
    passed: !synthetic && advantages.length > 0 && total >= 0,
    summary: `the manifest of version ${version}: ${sealedGroups} sealed groups, advantage over the rule ${total.toFixed(5)}`,
    report: { metrics, lineage },
  };
  return { metadata, files: [...named, manifestFile], evidence };
}
