import { PilotfishError } from '../../base/index.ts';
import type { FeatureSlot } from '../../decisions/index.ts';
import { finite, MAX_MATRIX_VALUES, ofLength } from '../../learn/index.ts';
import type { SampleTable } from './table.ts';

/** Features by name, or in the order of the slots. */
export type FeatureValues = { readonly [name: string]: number } | ArrayLike<number>;

/** What a sample may say beside its features and its label. */
export type SampleOptions = {
  /** What it belongs together with (file, key, peer): samples of one group are never divided by a split. */
  readonly group?: string;
  /** When it was taken, in any unit that is the same for all. */
  readonly time?: number;
  /** How much it counts, not negative. 1. */
  readonly weight?: number;
  /** What each alternative cost, in one order for all samples. */
  readonly cost?: ArrayLike<number>;
};

export type TableOptions = {
  /** The slots in order; taken from the first sample unless given. */
  readonly features?: readonly FeatureSlot[];
  /** The classes in order; numbered as they come unless given. */
  readonly classes?: readonly string[];
  /** Whether samples may bring classes beside those; true where none are given, else false. */
  readonly moreClasses?: boolean;
};

const MAX_FEATURES = 4096;
const MAX_CLASSES = 4096;
const MAX_TEXT = 256;
/** Names fit for a column of any tool. */
const FEATURE_NAME = /^[A-Za-z][\w.-]{0,63}$/;

/** A column of numbers that grows. */
class Column {
  #values = new Float64Array(64);
  length = 0;

  push(values: ArrayLike<number>): void {
    const needed = this.length + values.length;
    if (needed > this.#values.length) {
      const grown = new Float64Array(Math.max(needed, 2 * this.#values.length));
      grown.set(this.#values.subarray(0, this.length));
      this.#values = grown;
    }
    // Minus zero becomes zero: text formats have only one of them.
    for (let i = 0; i < values.length; i += 1) this.#values[this.length + i] = (values[i] as number) + 0;
    this.length = needed;
  }

  get view(): Float64Array {
    return this.#values.subarray(0, this.length);
  }
}

/** Collects samples, each checked before anything of it is kept. */
export class TableBuilder {
  #features: readonly FeatureSlot[] | null;
  #classes: string[] | null;
  readonly #moreClasses: boolean;
  readonly #numbers = new Map<string, number>();
  readonly #columns = { x: new Column(), y: new Column(), weights: new Column(), times: new Column() };
  readonly #costs = new Column();
  readonly #groups: (string | null)[] = [];
  #costColumns = 0;

  /** @throws PilotfishError `USAGE` for names that are none or occur twice, `LIMIT`. */
  constructor({ features, classes, moreClasses = classes === undefined }: TableOptions = {}) {
    this.#features = features === undefined ? null : checkSlots(features);
    this.#classes = classes === undefined ? null : [];
    this.#moreClasses = moreClasses;
    for (const name of classes ?? []) {
      if (this.#numbers.has(checkText('class', name))) throw usage(`the class ${name} is named twice`);
      this.#numbers.set(name, this.#numbers.size);
      this.#classes?.push(name);
    }
    if (!moreClasses && this.#numbers.size < 2) throw usage('name two classes or more');
    if (this.#numbers.size > MAX_CLASSES)
      throw new PilotfishError('LIMIT', `more than ${MAX_CLASSES} classes`);
  }

  /** @throws PilotfishError `USAGE`, `SHAPE`, `NOT_FINITE` or `LIMIT`; then nothing was added. */
  add(features: FeatureValues, label: string | number, options: SampleOptions = {}): void {
    const slots = this.#features ?? slotsOf(features);
    const x = rowOf(slots, features);
    this.#checkLabel(label);
    const { group = null, time = Number.NaN, weight = 1, cost = [] } = options;
    if (group !== null) checkText('group', group);
    if (options.time !== undefined) finite('time', time);
    if (!(Number.isFinite(weight) && weight >= 0))
      throw usage(`weight is ${weight}; give a finite number from 0`);
    for (let i = 0; i < cost.length; i += 1) finite(`cost[${i}]`, cost[i] as number);
    const isFirst = this.#groups.length === 0;
    if (!isFirst) ofLength('cost', cost, this.#costColumns);
    if ((this.#groups.length + 1) * Math.max(slots.length, cost.length) > MAX_MATRIX_VALUES) {
      throw new PilotfishError('LIMIT', 'the data set is full: split the data');
    }
    this.#features = slots;
    this.#costColumns = cost.length;
    this.#columns.x.push(x);
    this.#columns.y.push([this.#numberOf(label)]);
    this.#columns.weights.push([weight]);
    this.#columns.times.push([time]);
    this.#costs.push(cost);
    this.#groups.push(group);
  }

  get length(): number {
    return this.#groups.length;
  }

  /** What was added so far, as views: valid until the next `add`. */
  get table(): SampleTable {
    const [rows, columns] = [this.#groups.length, this.#costColumns];
    return {
      features: this.#features ?? [],
      classes: this.#classes,
      moreClasses: this.#moreClasses,
      length: rows,
      x: this.#columns.x.view,
      y: this.#columns.y.view,
      weights: this.#columns.weights.view,
      times: this.#columns.times.view,
      groups: this.#groups,
      costs: columns === 0 ? null : { rows, columns, data: this.#costs.view },
    };
  }

  #checkLabel(label: string | number): void {
    const wantsClass = this.#classes !== null;
    if (typeof label === 'number') {
      if (wantsClass) throw new PilotfishError('SHAPE', 'labels are classes here; a number is none');
      finite('label', label);
      return;
    }
    checkText('label', label);
    if (!wantsClass && this.#groups.length > 0) {
      throw new PilotfishError('SHAPE', 'labels are numbers here; a class is none');
    }
    if (this.#numbers.has(label)) return;
    if (!this.#moreClasses)
      throw usage(`there is no class "${label}"; there are ${this.#classes?.join(', ')}`);
    if (this.#numbers.size === MAX_CLASSES)
      throw new PilotfishError('LIMIT', `more than ${MAX_CLASSES} classes`);
  }

  #numberOf(label: string | number): number {
    if (typeof label === 'number') return label;
    const known = this.#numbers.get(label);
    if (known !== undefined) return known;
    this.#classes ??= [];
    this.#classes.push(label);
    this.#numbers.set(label, this.#numbers.size);
    return this.#numbers.size - 1;
  }
}

/** @throws PilotfishError `USAGE` for slots without a fit name or with one that occurs twice, `LIMIT`. */
function checkSlots(slots: readonly FeatureSlot[]): readonly FeatureSlot[] {
  if (slots.length === 0) throw new PilotfishError('EMPTY', 'a sample needs at least one feature');
  if (slots.length > MAX_FEATURES) throw new PilotfishError('LIMIT', `more than ${MAX_FEATURES} features`);
  const names = new Set<string>();
  for (const slot of slots) {
    const { name, unit, scale, neutral } = (slot ?? {}) as FeatureSlot;
    if (typeof name !== 'string' || !FEATURE_NAME.test(name))
      throw usage('a feature is named by a letter, then letters, digits and _ . -');
    // Some tools take names that differ in case for the same.
    if (names.has(name.toLowerCase())) throw usage(`the feature ${name} is named twice`);
    names.add(name.toLowerCase());
    for (const text of [unit, scale]) checkText(`a note on ${name}`, text);
    finite(`neutral of ${name}`, neutral);
  }
  return slots.map(({ name, unit, scale, neutral }) => ({ name, unit, scale, neutral }));
}

/** Slots after the names of the first sample. */
function slotsOf(features: FeatureValues): readonly FeatureSlot[] {
  if (typeof features !== 'object' || features === null) throw usage('features are numbers by name');
  if (isList(features)) throw usage('features without names: say which they are when you make the data set');
  return checkSlots(Object.keys(features).map((name) => ({ name, unit: '-', scale: 'x', neutral: 0 })));
}

const isList = (features: FeatureValues): features is ArrayLike<number> =>
  Array.isArray(features) || ArrayBuffer.isView(features);

function rowOf(slots: readonly FeatureSlot[], features: FeatureValues): ArrayLike<number> {
  const row = isList(features)
    ? ofLength('features', features, slots.length)
    : ofLength('features', Object.values(features), slots.length) && slots.map(({ name }) => features[name]);
  return Array.from(row as ArrayLike<unknown>, (value, at) => {
    if (typeof value !== 'number')
      throw usage(`feature ${slots[at]?.name} is no number; NaN says it is missing`);
    return Number.isNaN(value) ? value : finite(`feature ${slots[at]?.name}`, value);
  });
}

function checkText(what: string, text: string): string {
  const isText = typeof text === 'string' && text.length > 0 && text.length <= MAX_TEXT;
  if (!isText || !text.isWellFormed()) throw usage(`a ${what} is a text of 1 to ${MAX_TEXT} characters`);
  return text;
}

const usage = (message: string): PilotfishError => new PilotfishError('USAGE', message);
