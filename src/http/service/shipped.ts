import { exists, type FileSystem, hasCode, type Log, PilotfishError, sha256Hex } from '../../base/index.ts';
import { loadArtefact } from '../../decisions/index.ts';
import { type ModelRegistry, type RoomModel, roomModel } from '../../lifecycle/index.ts';

const SHIPPER = { actor: 'pilotfish', reason: 'a model that comes with Pilotfish' };
const TELLING_DIGITS = 8;

/**
 * Registers the models of a folder, one folder each, that are not registered yet, with lineage and evidence from their
 * manifests. One whose evaluation passed goes to staging: nothing was tried on own traffic, so that the step to production
 * is the owner's, with evidence of an experiment. Any other stays a draft.
 * @returns how many were new
 */
export async function registerShipped(
  registry: ModelRegistry,
  modelsDirectory: string,
  { fs, log }: { readonly fs: FileSystem; readonly log: Log },
): Promise<number> {
  if (!exists(fs, modelsDirectory)) {
    throw new PilotfishError('MISSING', `there is no folder ${modelsDirectory}: name one with --models`);
  }
  let count = 0;
  for (const name of fs.readDirectory(modelsDirectory).map(String).sort()) {
    const folder = `${modelsDirectory}/${name}`;
    if (!exists(fs, `${folder}/manifest.json`)) continue;
    try {
      if (await registerOne(registry, roomModel(loadArtefact(fs, folder)))) count += 1;
    } catch (error) {
      if (!hasCode(error)) throw error;
      log.write('warn', `${name} is not registered: ${error.message}`, { code: error.code });
    }
  }
  return count;
}

async function registerOne(
  registry: ModelRegistry,
  { metadata, files, evidence }: RoomModel,
): Promise<boolean> {
  const { name } = metadata;
  const known = await registry.listModels({ name });
  const manifest = files.find((file) => file.name === 'manifest.json')?.content as Uint8Array;
  const digest = sha256Hex(manifest);
  if (known.some((version) => version.files.some(({ sha256 }) => sha256 === digest))) return false;
  const isTaken = known.some(({ version }) => version === metadata.version);
  const version = isTaken ? `${metadata.version}+${digest.slice(0, TELLING_DIGITS)}` : metadata.version;
  const modelId = await registry.registerModel({ ...metadata, version }, files, SHIPPER);
  await registry.transitions.addEvidence({ modelId }, evidence, SHIPPER);
  if (!evidence.passed) return true;
  await registry.promoteModel(modelId, 'testing', SHIPPER);
  await registry.promoteModel(modelId, 'staging', SHIPPER);
  return true;
}
