import { readdirSync, readFileSync } from 'node:fs';

/** What must not be found anywhere afterwards. */
export const CONTENT = 'Dear diary, the secret ingredient is cardamom.';

/** The content in the forms in which someone might hand it over. */
export const FORMS: readonly unknown[] = [
  CONTENT,
  new String(CONTENT),
  Buffer.from(CONTENT),
  new Uint8Array(Buffer.from(CONTENT)),
  Buffer.from(CONTENT).buffer,
  [...CONTENT],
  [CONTENT],
  { content: CONTENT },
  { toString: () => CONTENT, valueOf: () => CONTENT, toJSON: () => CONTENT },
  new Map([[CONTENT, CONTENT]]),
  new Date(0),
  Symbol(CONTENT),
  () => CONTENT,
  BigInt(`0x${Buffer.from(CONTENT).toString('hex')}`),
  Number(`0x${Buffer.from(CONTENT).toString('hex')}`) * 1e300,
];

/** A value inside so many arrays and objects. */
export const nested = (value: unknown, depth: number): unknown =>
  depth === 0 ? value : depth % 2 === 0 ? { inner: nested(value, depth - 1) } : [nested(value, depth - 1)];

/** Offers copies of `what` with content in each of its fields and in new ones; returns how many. */
export function plant(what: object, offer: (changed: never) => void): number {
  let planted = 0;
  for (const form of FORMS) {
    for (let depth = 0; depth < 4; depth += 1) {
      for (const name of [...Object.keys(what), 'content', CONTENT]) {
        offer({ ...what, [name]: nested(form, depth) } as never);
        planted += 1;
      }
    }
  }
  return planted;
}

/** Every byte the collector has put on disk. */
export const bytesIn = (folder: string): Buffer =>
  Buffer.concat(readdirSync(folder).map((name) => readFileSync(`${folder}/${name}`)));
