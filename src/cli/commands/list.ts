import type { Context } from '../context.ts';
import { codedError } from '../exit.ts';
import { OutputClosed } from '../output.ts';
import { jsonText } from '../text.ts';

/** Items between two looks for a signal. */
const ITEMS_PER_TURN = 256;

/**
 * Works on items one by one, and lets signals in between. Shows how many there were so far, to people whose terminal
 * the result does not go to.
 */
export async function eachItem<T>(
  context: Context,
  items: Iterable<T>,
  work: (item: T) => void | Promise<void>,
): Promise<void> {
  const quiet = context.output.isTerminal || !context.terminal.isInteractive;
  const progress = context.progress(quiet ? { quiet } : {}, 'path');
  let count = 0;
  for (const item of items) {
    if (count % ITEMS_PER_TURN === 0) {
      progress.update({ count });
      await context.turn();
    }
    count += 1;
    await work(item);
  }
  context.terminal.status('');
}

interface JsonList<T> {
  /** Name of the field that holds the list. */
  readonly name: string;
  /** An item as it is printed; undefined leaves it out. */
  readonly json: (item: T) => object | undefined;
  /** Further fields, known only once the list is complete. */
  readonly rest?: () => object;
}

/** One object with one list, written as it grows: there can be more items than fit in memory. */
export async function printJsonList<T>(
  context: Context,
  items: Iterable<T>,
  { name, json, rest }: JsonList<T>,
): Promise<void> {
  const { output } = context;
  const begin = `{${JSON.stringify(name)}:[`;
  let separator = begin;
  try {
    await eachItem(context, items, async (item) => {
      const object = json(item);
      if (object === undefined) return;
      await output.write(separator + jsonText(object));
      separator = ',\n';
    });
  } catch (error) {
    // Nothing written yet: the one object will be that of the error.
    if (separator === begin || error instanceof OutputClosed) throw error;
    const { code, message } = codedError(error);
    context.hasToldJson = true;
    await output.write(`],${fields({ error: { code, message } })}}\n`);
    throw error;
  }
  context.hasToldJson = true;
  const more = fields(rest?.() ?? {});
  await output.write(`${separator === begin ? begin : ''}]${more === '' ? '' : `,${more}`}}\n`);
}

/** The fields of an object, without the braces around them. */
const fields = (object: object): string => jsonText(object).slice(1, -1);
