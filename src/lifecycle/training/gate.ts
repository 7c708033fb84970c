import { exists, type FileSystem, hasCode } from '../../base/index.ts';
import {
  type EpochModel,
  type LabelledSamples,
  loadArtefact,
  type ModelClass,
} from '../../decisions/index.ts';
import { comparePaired } from '../../learn/index.ts';

/** What the gate looks at. */
export type GateRequest = {
  readonly candidate: EpochModel;
  readonly modelClass: ModelClass;
  /** Where the serving artefact of the room lies, if there is one. */
  readonly directory: string;
  readonly fs: FileSystem;
  /** What the candidate learnt from: the simple rules learn from it too. */
  readonly trainData: LabelledSamples;
  /** Samples nobody learnt from. */
  readonly heldOut: LabelledSamples;
  /** What each of them belongs together with: chance is judged by whole groups. */
  readonly groups: readonly (string | null)[];
  /** Whether the held-out samples are real. */
  readonly isReal: boolean;
};

/** What the gate decided; costs are means over the held-out samples. */
export type GateVerdict = {
  readonly passed: boolean;
  readonly reason: string;
  readonly candidateCost: number;
  /** Of the best simple rule: one class for all, or one threshold on one feature. */
  readonly ruleCost: number;
  /** What the manifest of a model that passed should say, so that its room lets it serve. */
  readonly figures: Readonly<Record<string, number>>;
  /** Of the model that serves; null where there is none, or none that can be asked. */
  readonly incumbentCost: number | null;
};

/** Thresholds that a rule tries on each feature. */
const THRESHOLDS = 16;
/** Of the bootstrap beside Student's interval, which nobody looks at: the fewest it takes. */
const RESAMPLES = 100;

/**
 * Whether a new model may take the place of the one in `models/ROOM`: the room can open it, it is cheaper on held-out
 * samples than the model that serves and than the best simple rule, and these samples are real where what it learnt from
 * was not. An incumbent that cannot be asked about these samples stays.
 */
export function evaluationGate(request: GateRequest): GateVerdict {
  const { candidate, trainData, heldOut } = request;
  const costs = {
    candidate: costsOf(heldOut, choicesOf(candidate, heldOut)),
    rule: costsOf(heldOut, bestRule(trainData)(heldOut)),
    best: Float64Array.from({ length: heldOut.length }, (_, row) =>
      Math.min(...Array.from(costsAt(heldOut, row))),
    ),
  };
  const [candidateCost, ruleCost] = [meanOf(costs.candidate), meanOf(costs.rule)];
  const incumbent = incumbentOf(request);
  const incumbentCost = incumbent?.costs == null ? null : meanOf(incumbent.costs);
  const figures = candidate.canServe ? candidate.servingFigures(heldOut, costs) : {};
  const verdict = { candidateCost, ruleCost, incumbentCost, figures };
  const refuse = (reason: string): GateVerdict => ({ passed: false, reason, ...verdict });
  if (!candidate.canServe)
    return refuse('the room cannot open it: it needs the slots of the room and costs to learn from');
  if (candidate.provenance?.synthetic !== false && !request.isReal) {
    return refuse('it learnt from synthetic samples alone and was not judged on real ones');
  }
  if (!isCheaper(costs.candidate, costs.rule, request.groups))
    return refuse('a simple rule is as good on held-out samples');
  if (incumbent?.costs === null) return refuse('the serving model cannot be compared on these samples');
  if (incumbent !== undefined && !isCheaper(costs.candidate, incumbent.costs, request.groups)) {
    return refuse('the serving model is as good');
  }
  return { passed: true, reason: 'cheaper than the serving model and the best simple rule', ...verdict };
}

/** What each class costs for a sample: measured, or 1 for a wrong label and 0 for the right one. */
function costsAt(data: LabelledSamples, row: number): ArrayLike<number> {
  const { costs, classes } = data;
  const width = classes?.length ?? 0;
  if (costs !== null && costs.columns === width) return costs.data.subarray(row * width, (row + 1) * width);
  return Array.from({ length: width }, (_, label) => (label === data.y[row] ? 0 : 1));
}

/** @param choices numbers among the classes of the data; -1 for a class they do not know, which costs the most */
function costsOf(data: LabelledSamples, choices: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: data.length }, (_, row) => {
    const costs = costsAt(data, row);
    return costs[choices[row] as number] ?? Math.max(...Array.from(costs));
  });
}

/** Whether the first costs less by more than chance: Student's 95 % interval of the difference over groups lies below 0. */
function isCheaper(first: Float64Array, second: Float64Array, groups: readonly (string | null)[]): boolean {
  const rows = Array.from(first, (_, row) => row);
  const units = [...Map.groupBy(rows, (row) => groups[row] ?? row).values()];
  if (units.length < 2) return false;
  const sums = (costs: Float64Array): Float64Array =>
    Float64Array.from(units, (unit) => unit.reduce((sum, row) => sum + (costs[row] as number), 0));
  return comparePaired(sums(first), sums(second), { resamples: RESAMPLES }).high < 0;
}

const meanOf = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function choicesOf(model: EpochModel, data: LabelledSamples): Int32Array {
  return Int32Array.from(
    model.choices(model.scores(data)),
    (choice) => data.classes?.indexOf(model.classes[choice] as string) ?? -1,
  );
}

/** The cheapest rule on these samples: one class, or one threshold on one feature with a class on either side. */
function bestRule(data: LabelledSamples): (other: LabelledSamples) => Int32Array {
  const all = cheapest(data, () => true);
  let best = {
    cost: all.cost,
    column: 0,
    threshold: Number.POSITIVE_INFINITY,
    below: all.label,
    above: all.label,
  };
  const columns = data.features.length;
  for (let column = 0; column < columns; column += 1) {
    const valueAt = (row: number): number => data.x[row * columns + column] as number;
    const sorted = Float64Array.from({ length: data.length }, (_, row) => valueAt(row)).sort();
    for (let i = 1; i < THRESHOLDS; i += 1) {
      const threshold = sorted[Math.floor((i * sorted.length) / THRESHOLDS)] as number;
      const [below, above] = [
        cheapest(data, (row) => valueAt(row) < threshold),
        cheapest(data, (row) => !(valueAt(row) < threshold)),
      ];
      const cost = below.cost + above.cost;
      if (cost < best.cost) best = { cost, column, threshold, below: below.label, above: above.label };
    }
  }
  const { column, threshold, below, above } = best;
  return (other) =>
    Int32Array.from({ length: other.length }, (_, row) =>
      (other.x[row * columns + column] as number) < threshold ? below : above,
    );
}

/** The class that is cheapest over the rows that are taken, and what it costs there. */
function cheapest(
  data: LabelledSamples,
  takes: (row: number) => boolean,
): { readonly label: number; readonly cost: number } {
  const sums = new Float64Array(data.classes?.length ?? 1);
  for (let row = 0; row < data.length; row += 1) {
    if (!takes(row)) continue;
    const costs = costsAt(data, row);
    for (let label = 0; label < sums.length; label += 1)
      sums[label] = (sums[label] as number) + (costs[label] ?? 0);
  }
  const cost = Math.min(...sums);
  return { label: sums.indexOf(cost), cost };
}

/** The serving model on the held-out samples: undefined where none serves, null cost where it cannot be asked. */
function incumbentOf(request: GateRequest): { readonly costs: Float64Array | null } | undefined {
  const { modelClass, directory, fs, heldOut } = request;
  if (!exists(fs, `${directory}/manifest.json`)) return undefined;
  try {
    loadArtefact(fs, directory);
    const model = new modelClass({ name: modelClass.modelName });
    model.load(directory, { fs });
    return { costs: costsOf(heldOut, choicesOf(model, heldOut)) };
  } catch (error) {
    if (!hasCode(error)) throw error;
    return { costs: null };
  }
}
