// Document 003's threat detector: register, promote, serve in process, replace, roll back.
//   node examples/threat-detector/main.ts [--onnx | MODEL.onnx | MODEL.json]
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { hasCode } from '../../src/base/index.ts';
import { MLPipelineManager, ModelStatus } from '../../src/index.ts';
import { BoostedTrees, encodeOnnxTrees, encodeXgboostJson } from '../../src/learn/index.ts';
import { requests } from './requests.ts';

const NAME = 'threat-detector';
const THREAT = [2048, 250];

type ModelFile = { readonly name: string; readonly content: Uint8Array };

/** What stands for the forest of scikit-learn: trees in a form that other tools write as well. */
function trained(rounds: number, isOnnx: boolean): ModelFile {
  const trees = new BoostedTrees({ objective: 'binary:logistic', rounds, maxDepth: 3 });
  trees.fit(requests(1, 2000));
  if (isOnnx) return { name: `${NAME}.onnx`, content: encodeOnnxTrees(trees.model) };
  return { name: `${NAME}.json`, content: encodeXgboostJson(trees.model) };
}

/** Registers a file and takes it to production, with what the registry wants to see on the way. */
async function release({ registry }: MLPipelineManager, version: string, file: ModelFile): Promise<void> {
  const modelId = await registry.registerModel(
    {
      ...{ name: NAME, version, algorithm: 'RandomForest', framework: 'scikit-learn', filePath: file.name },
      description: 'Security threat detection model',
    },
    file.content,
  );
  const tests = { kind: 'evaluation', passed: true, summary: 'held-out requests: see the accuracy below' };
  const trial = { kind: 'experiment', passed: true, summary: 'a tenth of the traffic for a day: no worse' };
  await registry.promoteModel(modelId, ModelStatus.Testing);
  await registry.promoteModel(modelId, ModelStatus.Staging, { evidence: [tests] });
  await registry.promoteModel(modelId, ModelStatus.Production, { evidence: [trial] });
}

/** Asks what is in production now. The last value is how likely an attack is. */
async function report(manager: MLPipelineManager, what: string): Promise<void> {
  await manager.followed();
  const { version, values } = await manager.predict(NAME, THREAT);
  const { x, y } = requests(2, 500);
  let right = 0;
  for (let i = 0; i < x.rows; i += 1) {
    const answer = await manager.predict(NAME, x.data.subarray(2 * i, 2 * i + 2));
    right += Number(Math.round(answer.values.at(-1) ?? 0) === y[i]);
  }
  const accuracy = right / x.rows;
  manager.monitor.recordQuality(NAME, { accuracy });
  const threat = (values.at(-1) ?? 0).toFixed(2);
  console.log(
    `${what}: version ${version}, P(attack) of a large, slow request ${threat}, accuracy ${accuracy}`,
  );
}

async function run(manager: MLPipelineManager, given: string | undefined): Promise<void> {
  const isOnnx = given === '--onnx';
  const file =
    given === undefined || isOnnx
      ? trained(2, isOnnx)
      : { name: basename(given), content: readFileSync(given) };
  await release(manager, 'v1.2.0', file);
  await report(manager, 'promoted');
  if (given !== undefined && !isOnnx) return;
  await release(manager, 'v1.3.0', trained(20, isOnnx));
  await report(manager, 'replaced');
  await manager.registry.rollbackModel(NAME);
  await report(manager, 'rolled back');
  const lines = manager.monitor.exportPrometheusMetrics().split('\n');
  console.log(lines.filter((line) => /^pilotfish_model_(predictions_total|version)/.test(line)).join('\n'));
}

const folder = mkdtempSync(join(tmpdir(), `${NAME}-`));
const manager = await MLPipelineManager.open(folder);
try {
  await run(manager, process.argv[2]);
} catch (error) {
  if (!hasCode(error)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
} finally {
  await manager.close();
  rmSync(folder, { recursive: true });
}
