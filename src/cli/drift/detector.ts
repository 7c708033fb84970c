import type { DriftDetector, DriftType } from '../../lifecycle/index.ts';
import type { Context } from '../context.ts';
import { jsonLinesOf } from '../lines.ts';
import { oneOf } from '../options.ts';
import { type DataOptions, withRegistry } from '../registry/data.ts';

/** Options of the commands that are about one kind of stream. */
export interface TypeOptions extends DataOptions {
  readonly type?: string;
}

const TYPES: readonly DriftType[] = ['feature', 'prediction', 'concept'];

export const TYPE_HELP = `${TYPES.join(', ')} (default: feature)`;

/** Opens the registry and runs `work` on its detector. */
export function withDetector<T>(
  context: Context,
  options: DataOptions,
  work: (detector: DriftDetector) => Promise<T>,
  { create = false }: { readonly create?: boolean } = {},
): Promise<T> {
  const { threshold, windowSize } = context.world.settings.driftDefaults?.() ?? {};
  return withRegistry(
    context,
    options,
    async ({ state, registry }) => {
      const { DriftDetector } = await import('../../lifecycle/index.ts');
      const { clock, random } = context.ports();
      const ports = { audit: registry.audit, clock, random, log: context.terminal };
      const detector = new DriftDetector(state, threshold, windowSize, ports);
      await detector.load();
      return await work(detector);
    },
    { create },
  );
}

export const typeOf = ({ type = 'feature' }: TypeOptions): DriftType => oneOf('--type', TYPES)(type);

/** Rows of numbers by name, one JSON object a line. */
export function rowsOf(
  input: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<readonly [string, number][]> {
  const wanted = 'row: give one object of numbers a line, such as {"request_size":1024}';
  return jsonLinesOf(input, wanted, (line) => {
    const row = Object.entries(line);
    return row.every(([, value]) => typeof value === 'number') ? row : undefined;
  });
}
