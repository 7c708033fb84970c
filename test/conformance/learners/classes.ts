// Finds the classes of the library that can be asked for a snapshot.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../support.ts';

type Class = {
  readonly name: string;
  readonly base: string;
  readonly abstract: boolean;
  readonly own: boolean;
};

/** Names of all classes under `src/learn/` that have a method `snapshot`, of their own or of their base class. */
export function snapshotClasses(): string[] {
  const folder = join(root, 'src/learn');
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .map((path) => readFileSync(join(folder, path), 'utf8'));
  const classes = sources.flatMap(classesIn);
  const byName = new Map(classes.map((one) => [one.name, one]));
  const has = ({ own, base }: Class): boolean => {
    const parent = byName.get(base);
    return own || (parent !== undefined && has(parent));
  };
  return classes.filter((one) => !one.abstract && has(one)).map(({ name }) => name);
}

function classesIn(source: string): Class[] {
  const heads = [
    ...source.matchAll(/^(?:export )?(abstract )?class (\w+)(?:<[^{]*?>)?(?: extends (\w+))?/gm),
  ];
  return heads.map((head, i) => {
    const body = source.slice(head.index, heads[i + 1]?.index);
    const [, abstract, name = '', base = ''] = head;
    return { name, base, abstract: abstract !== undefined, own: /^ {2}snapshot\(/m.test(body) };
  });
}
