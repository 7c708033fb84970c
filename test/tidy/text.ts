// Rules about any text of the project: no leftovers, nothing that holds only on one machine; and the package list.
import { posix } from 'node:path';
import { optional, peers, required } from './dependencies.ts';
import type { Finding, Source } from './source.ts';

function match(source: Source, pattern: RegExp, message: (found: string) => string | null): Finding[] {
  return source.text.split('\n').flatMap((text, index) =>
    [...text.matchAll(pattern)].flatMap((hit) => {
      const words = message(hit[0]);
      return words === null ? [] : [{ path: source.path, line: index + 1, message: words }];
    }),
  );
}

// Written in two halves, or this file would break its own rule.
const markers = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'HA' + 'CK'].join('|')})\\b`, 'g');

/** Work that is left is an issue, not a comment. */
export const markerRule = (sources: readonly Source[]): Finding[] =>
  sources.flatMap((source) =>
    match(source, markers, (found) => `${found}: do it now, or open an issue and delete the marker`),
  );

const personalPaths = /(?<![\w.])\/(?:home|root|Users)\/[\w.-]+|[A-Z]:\\Users\\[\w.-]+/g;
const climbs = /(?:\.\.\/)+[\w.-]*/g;

function leavesRoot(path: string, link: string): boolean {
  return posix.join(posix.dirname(path), link).startsWith('..');
}

/** A clone lies anywhere: no absolute path of someone's machine, no link that leaves the repository. */
export const placeRule = (sources: readonly Source[]): Finding[] =>
  sources.flatMap((source) => {
    const personal = match(
      source,
      personalPaths,
      (found) => `${found} exists on one machine: use a path inside the repository`,
    );
    if (!source.path.endsWith('.md')) return personal;
    const outside = match(source, climbs, (link) =>
      leavesRoot(source.path, link) ? `${link} leaves the repository: bring what is needed inside` : null,
    );
    return [...personal, ...outside];
  });

const list = (record: unknown): string[] => Object.keys((record ?? {}) as object).sort();

function compare(kind: string, actual: readonly string[], allowed: readonly string[]): string[] {
  const extra = actual.filter((name) => !allowed.includes(name));
  const gone = allowed.filter((name) => !actual.includes(name));
  return [
    ...extra.map(
      (name) =>
        `${name} is not an allowed ${kind}: do without it, or enter it with its reason in test/tidy/dependencies.ts and docs/adr/0002-runtime-dependencies.md`,
    ),
    ...gone.map(
      (name) => `${name} is allowed but no ${kind} any more: delete it from test/tidy/dependencies.ts`,
    ),
  ];
}

/** The packages a user gets are exactly the ones with a reason. Exact versions: what was tested is what is installed. */
export function dependencyRule(packageJson: string): Finding[] {
  const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = JSON.parse(
    packageJson,
  ) as Record<string, Record<string, unknown>>;
  // A peer that is not marked as optional is installed for everybody.
  const forced = list(peerDependencies).filter(
    (name) => (peerDependenciesMeta?.[name] as { optional?: boolean } | undefined)?.optional !== true,
  );
  const versions = Object.entries({ ...dependencies, ...optionalDependencies });
  const loose = versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(String(version)));
  const messages = [
    ...compare('dependency', list(dependencies), list(required)),
    ...compare('optional dependency', list(optionalDependencies), list(optional)),
    ...compare('peer dependency', list(peerDependencies), list(peers)),
    ...forced.map((name) => `${name} is a peer for everybody: mark it optional in peerDependenciesMeta`),
    ...loose.map(
      ([name, version]) => `${name}@${version}: name one exact version, it is the one that was tested`,
    ),
  ];
  return messages.map((message) => ({ path: 'package.json', line: 1, message }));
}
