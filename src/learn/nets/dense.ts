import {
  type Activation,
  type BatchNorm,
  type MatrixProduct,
  type NumberSlot,
  partOf,
  type WholeSlot,
} from '../kernels/index.ts';
import type { Parameters, Part, Place } from './network.ts';

/** One dense layer: y = dropout(activation(batchNorm(x W + b))), W [inputs][units]. */
export type DenseShape = {
  readonly inputs: number;
  readonly units: number;
  readonly activation: Activation | 'linear';
  readonly batchNorm: boolean;
  /** Share of outputs set to zero while learning; the others are divided by the rest. */
  readonly dropout: number;
};

/** The parameters of a layer, at first uniform: He et al. 2015 before ReLU, Glorot, Bengio 2010 before the others. */
export function denseParts(name: string, shape: DenseShape): Part[] {
  const { inputs, units } = shape;
  const bound = Math.sqrt(6 / (shape.activation === 'relu' ? inputs : inputs + units));
  const row = { rows: 1, columns: units };
  const parts: Part[] = [
    { name: `${name}.weights`, rows: inputs, columns: units, start: { bound } },
    { name: `${name}.bias`, ...row, start: { value: 0 } },
  ];
  if (!shape.batchNorm) return parts;
  return [
    ...parts,
    { name: `${name}.scale`, ...row, start: { value: 1 } },
    { name: `${name}.shift`, ...row, start: { value: 0 } },
  ];
}

/** What a layer is built from. */
export type DenseSetting = {
  readonly name: string;
  readonly shape: DenseShape;
  readonly parameters: Parameters;
  /** Most samples at once. */
  readonly rows: number;
  readonly input: NumberSlot;
  /** Where the gradient of the input goes, if anyone wants it. */
  readonly inputGradient?: NumberSlot | undefined;
  /** Running means, then running variances; not looked at without batch norm. */
  readonly statistics: NumberSlot;
  /** Not looked at without dropout. */
  readonly generators: WholeSlot;
};

/** A dense layer in training. */
export class Dense {
  readonly shape: DenseShape;
  readonly output: NumberSlot;
  readonly outputGradient: NumberSlot;
  readonly #place: Place;
  readonly #activated: NumberSlot;
  readonly #weights: NumberSlot;
  readonly #biasGradient: NumberSlot;
  readonly #forward: MatrixProduct;
  readonly #weightGradient: MatrixProduct;
  /** For the gradient of the input. */
  readonly #backward: MatrixProduct | undefined;
  readonly #norm: Norm | undefined;
  readonly #dropout: Dropout | undefined;

  constructor(place: Place, setting: DenseSetting) {
    const { name, shape, parameters, rows, input, inputGradient } = setting;
    const { inputs, units } = shape;
    this.shape = shape;
    this.#place = place;
    this.#activated = place.space.floats(rows * units);
    this.outputGradient = place.space.floats(rows * units);
    this.#weights = parameters.value(`${name}.weights`);
    this.#biasGradient = parameters.gradient(`${name}.bias`);
    this.#forward = {
      ...{
        a: input,
        aRow: inputs,
        aColumn: 1,
        b: this.#weights,
        bRow: units,
        c: this.#activated,
        cRow: units,
      },
      ...{ start: parameters.value(`${name}.bias`), startRow: 0 },
    };
    const weightGradient = parameters.gradient(`${name}.weights`);
    this.#weightGradient = {
      ...{ a: input, aRow: 1, aColumn: inputs, b: this.outputGradient, bRow: units },
      ...{ c: weightGradient, cRow: units, start: weightGradient, startRow: units },
    };
    this.#backward = inputGradient && {
      ...{
        a: this.outputGradient,
        aRow: units,
        aColumn: 1,
        b: place.space.floats(inputs * units),
        bRow: inputs,
      },
      ...{ c: inputGradient, cRow: inputs },
    };
    this.#norm = shape.batchNorm ? this.#normOf(setting) : undefined;
    this.#dropout =
      shape.dropout > 0 ? new Dropout(place, rows * units, setting.generators, shape.dropout) : undefined;
    this.output = this.#dropout?.output ?? this.#activated;
  }

  /** `learning`: with dropout and the moments of the batch. */
  forward(rows: number, learning: boolean): void {
    const { inputs, units, activation } = this.shape;
    const { maths } = this.#place;
    maths.product(this.#forward, rows, units, inputs);
    this.#norm?.forward(rows, learning);
    if (activation !== 'linear') maths.activate(activation, this.#activated, rows * units);
    this.#dropout?.forward(this.#activated, rows * units, learning);
  }

  /** From `outputGradient`, which it overwrites, to the gradients of the parameters and of the input. */
  backward(rows: number): void {
    const { inputs, units, activation } = this.shape;
    const { maths } = this.#place;
    this.#dropout?.backward(this.outputGradient, rows * units);
    if (activation !== 'linear') {
      maths.activateBack(activation, this.#activated, this.outputGradient, rows * units);
    }
    this.#norm?.backward(rows);
    maths.product(this.#weightGradient, inputs, units, rows);
    maths.addColumns(this.outputGradient, this.#biasGradient, rows, units);
    if (this.#backward === undefined) return;
    maths.transpose(this.#weights, this.#backward.b, inputs, units);
    maths.product(this.#backward, rows, inputs, units);
  }

  #normOf({ name, shape, parameters, rows, statistics }: DenseSetting): Norm {
    return new Norm(this.#place, {
      ...{ values: this.#activated, gradient: this.outputGradient, columns: shape.units, rows, statistics },
      scale: parameters.value(`${name}.scale`),
      shift: parameters.value(`${name}.shift`),
      scaleGradient: parameters.gradient(`${name}.scale`),
      shiftGradient: parameters.gradient(`${name}.shift`),
    });
  }
}

/** Words of the four generators that draw the dropout of one layer. */
export const GENERATOR_WORDS = 16;

/** Share of a new batch in the running moments. */
const MOMENTUM = 0.1;

/** Dropout over an area of `count` values, from its own generators (Srivastava et al. 2014). */
export class Dropout {
  readonly output: NumberSlot;
  readonly #place: Place;
  readonly #mask: NumberSlot;
  readonly #generators: WholeSlot;
  readonly #keep: number;

  constructor(place: Place, count: number, generators: WholeSlot, share: number) {
    this.output = place.space.floats(count);
    this.#place = place;
    this.#mask = place.space.floats(count);
    this.#generators = generators;
    this.#keep = 1 - share;
  }

  /** Without `learning` everything passes. */
  forward(input: NumberSlot, count: number, learning: boolean): void {
    if (learning) this.#place.maths.dropoutMask(this.#generators, this.#mask, count, this.#keep);
    else this.#mask.view.fill(1, 0, count);
    this.#place.maths.multiply(input, this.#mask, this.output, count);
  }

  backward(gradient: NumberSlot, count: number): void {
    this.#place.maths.multiply(gradient, this.#mask, gradient, count);
  }
}

/** What batch norm needs of its layer; `statistics` holds running means, then running variances. */
type NormSetting = Pick<
  BatchNorm,
  'values' | 'gradient' | 'columns' | 'scale' | 'shift' | 'scaleGradient' | 'shiftGradient'
> & { readonly rows: number; readonly statistics: NumberSlot };

/**
 * Batch norm (Ioffe, Szegedy 2015): moments of the batch while learning, running ones in use. These take 0.1 of each
 * new batch, its variance without bias.
 */
class Norm {
  readonly #place: Place;
  readonly #batch: BatchNorm;
  readonly #running: BatchNorm;
  #isFrozen = true;

  constructor(place: Place, { rows, statistics, ...slots }: NormSetting) {
    const { columns } = slots;
    const unit = place.space.floats(rows * columns);
    const [mean, variance] = [place.space.floats(columns), place.space.floats(columns)];
    this.#place = place;
    this.#batch = { ...slots, unit, mean, variance };
    this.#running = {
      ...{ ...slots, unit },
      mean: partOf(statistics, 0, columns),
      variance: partOf(statistics, columns, columns),
    };
  }

  forward(rows: number, learning: boolean): void {
    this.#isFrozen = !learning;
    if (learning) {
      this.#place.maths.columnMoments(this.#batch, rows);
      this.#follow(rows);
    }
    this.#place.maths.normalise(learning ? this.#batch : this.#running, rows);
  }

  /** With the moments that `forward` took. */
  backward(rows: number): void {
    this.#place.maths.normaliseBack(this.#isFrozen ? this.#running : this.#batch, rows, this.#isFrozen);
  }

  #follow(rows: number): void {
    follow(this.#running.mean, this.#batch.mean, 1);
    follow(this.#running.variance, this.#batch.variance, rows / (rows - 1));
  }
}

/** Moves running moments towards those of a batch, times `factor`. */
function follow(running: NumberSlot, batch: NumberSlot, factor: number): void {
  for (let i = 0; i < batch.view.length; i += 1) {
    const before = running.view[i] as number;
    running.view[i] = before + MOMENTUM * ((batch.view[i] as number) * factor - before);
  }
}
