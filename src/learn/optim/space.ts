import { PilotfishError } from '../../base/index.ts';

/** A value of a parameter; plain JSON, so that a journal keeps it. */
export type ParameterValue = string | number | boolean | null;

/**
 * One parameter: a number in [low, high], evenly or (`true`) by its logarithm; a whole number in [low, high], both
 * ends included; or one of a list.
 */
export type Dimension =
  | readonly ['float', low: number, high: number, log?: boolean]
  | readonly ['int', low: number, high: number]
  | readonly ['categorical', choices: readonly ParameterValue[]];

/** What may be tried: parameters by name, in the syntax of document 001. */
export type SearchSpace = { readonly [name: string]: Dimension };

/** One value a parameter. */
export type ParameterValues = { readonly [name: string]: ParameterValue };

const maxParameters = 256;
const maxChoices = 4096;

/** A parameter as samplers see it: a coordinate in [0, 1], or a choice by its number. */
export type Axis = {
  readonly name: string;
  /** Number of choices; 0 for a numeric axis. */
  readonly choices: number;
  /** Distance of neighbouring whole numbers; 0 where the axis is continuous. */
  readonly cell: number;
  /** Coordinate of a value; NaN for a value outside the parameter. */
  readonly encode: (value: ParameterValue | undefined) => number;
  /** The value nearest to a coordinate. */
  readonly decode: (coordinate: number) => ParameterValue;
};

function categoricalAxis(name: string, choices: readonly ParameterValue[]): Axis {
  return {
    name,
    choices: choices.length,
    cell: 0,
    encode: (value) => {
      const at = value === undefined ? -1 : choices.indexOf(value);
      return at < 0 ? Number.NaN : at;
    },
    decode: (coordinate) => choices[coordinate] as ParameterValue,
  };
}

function floatAxis(name: string, [low, high]: readonly [number, number], log: boolean): Axis {
  const [from, to] = log ? [Math.log(low), Math.log(high)] : [low, high];
  return {
    name,
    choices: 0,
    cell: 0,
    encode: (value) => {
      if (typeof value !== 'number' || !(value >= low && value <= high)) return Number.NaN;
      // Divided one by one: the distance of the ends may overflow.
      const scale = to / 2 - from / 2;
      // Ends so close that their logarithms, or halves, are the same.
      if (scale === 0) return value === high ? 1 : 0;
      return Math.min(1, Math.max(0, ((log ? Math.log(value) : value) / 2 - from / 2) / scale));
    },
    decode: (coordinate) => {
      if (coordinate <= 0) return low;
      if (coordinate >= 1) return high;
      const at = from * (1 - coordinate) + to * coordinate;
      return Math.min(high, Math.max(low, log ? Math.exp(at) : at));
    },
  };
}

/** Whole numbers own equal cells of [0, 1], so that an even draw of the coordinate draws them evenly. */
function intAxis(name: string, low: number, high: number): Axis {
  const count = high - low + 1;
  return {
    name,
    choices: 0,
    cell: 1 / count,
    encode: (value) => {
      const fits = typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high;
      return fits ? (value - low + 0.5) / count : Number.NaN;
    },
    decode: (coordinate) => low + Math.min(count - 1, Math.floor(coordinate * count)),
  };
}

const wrong = (name: string, advice: string): PilotfishError =>
  new PilotfishError('USAGE', `parameter "${name}": ${advice}`);

function checkBounds(name: string, low: unknown, high: unknown): readonly [number, number] {
  if (
    typeof low !== 'number' ||
    typeof high !== 'number' ||
    !(Number.isFinite(low) && Number.isFinite(high))
  ) {
    throw wrong(name, 'give two finite numbers as bounds');
  }
  if (low > high) throw wrong(name, `the bounds ${low} and ${high} are the wrong way round`);
  return [low, high];
}

function checkChoices(name: string, choices: unknown): readonly ParameterValue[] {
  if (!Array.isArray(choices) || choices.length === 0 || choices.length > maxChoices) {
    throw wrong(name, `give a list of 1 to ${maxChoices} choices`);
  }
  const isPlain = (choice: unknown) =>
    choice === null || ['string', 'boolean'].includes(typeof choice) || Number.isFinite(choice);
  if (!choices.every(isPlain)) throw wrong(name, 'choices are strings, finite numbers, booleans or null');
  if (new Set(choices).size !== choices.length) throw wrong(name, 'every choice must occur once');
  return choices.slice() as ParameterValue[];
}

const forms = {
  float: { most: 4, form: "['float', low, high] or ['float', low, high, log]" },
  int: { most: 3, form: "['int', low, high], which cannot be logarithmic" },
  categorical: { most: 2, form: "['categorical', choices]" },
} as const;

function axisOf(name: string, dimension: unknown): Axis {
  if (!Array.isArray(dimension))
    throw wrong(name, "give ['float', low, high, log], ['int', …] or ['categorical', …]");
  const [type, first, second, log] = dimension as readonly unknown[];
  if (type !== 'float' && type !== 'int' && type !== 'categorical') {
    throw wrong(name, `"${type}" is none of float, int, categorical`);
  }
  const { most, form } = forms[type];
  if (dimension.length > most) throw wrong(name, `${dimension.length} elements are too many; give ${form}`);
  if (type === 'categorical') return categoricalAxis(name, checkChoices(name, first));
  const [low, high] = checkBounds(name, first, second);
  if (low === high) return categoricalAxis(name, [low]);
  if (type === 'float') {
    if (log !== undefined && typeof log !== 'boolean') throw wrong(name, 'log is true or false');
    if (log === true && low <= 0) throw wrong(name, `a logarithmic range starts above 0, not at ${low}`);
    return floatAxis(name, [low, high], log === true);
  }
  if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || high - low >= 2 ** 32) {
    throw wrong(name, 'give whole numbers as bounds, fewer than 2^32 apart');
  }
  return intAxis(name, low, high);
}

/** The parameters of a space in its order. @throws PilotfishError `USAGE` for a space that makes no sense. */
export function axesOf(space: SearchSpace): readonly Axis[] {
  if (typeof space !== 'object' || space === null)
    throw new PilotfishError('USAGE', 'a search space is an object');
  const entries = Object.entries(space);
  if (entries.length === 0 || entries.length > maxParameters) {
    throw new PilotfishError('USAGE', `${entries.length} parameters; give 1 to ${maxParameters}`);
  }
  return entries.map(([name, dimension]) => axisOf(name, dimension));
}

/** Coordinates of the values. @throws PilotfishError `USAGE` naming a parameter that is absent or out of range. */
export function encode(axes: readonly Axis[], values: ParameterValues): Float64Array {
  return Float64Array.from(axes, (axis) => {
    const value = Object.hasOwn(values, axis.name) ? values[axis.name] : undefined;
    const coordinate = axis.encode(value);
    if (Number.isNaN(coordinate)) throw wrong(axis.name, `${value} is not in its range`);
    return coordinate;
  });
}

/** Values at the coordinates. */
export function decode(axes: readonly Axis[], coordinates: Float64Array): ParameterValues {
  return Object.fromEntries(axes.map((axis, i) => [axis.name, axis.decode(coordinates[i] as number)]));
}

/** A coordinate snapped to where its value lies: the middle of a whole number's cell, else itself. */
export function snap(axis: Axis, coordinate: number): number {
  if (axis.cell === 0) return coordinate;
  const count = Math.round(1 / axis.cell);
  return (Math.min(count - 1, Math.floor(coordinate * count)) + 0.5) / count;
}
