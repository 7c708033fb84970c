// Calls that have one home: settings, clock, chance, and errors.
import ts from 'typescript';
import { pureRooms } from './rooms.ts';
import { type Finding, isProduct, lineOf, type Parsed, placeOf, type Rule, walk } from './source.ts';

interface Ban {
  /** The only file that may do it. */
  home: string;
  advice: string;
  /** Member accesses such as `Date.now`. */
  members: readonly string[];
  /** Globals and imported names. */
  names: readonly string[];
  modules: readonly string[];
}

const bans: readonly Ban[] = [
  {
    home: 'src/app/config.ts',
    advice: 'read the environment in src/app/config.ts and take the value as an argument',
    members: ['process.env'],
    names: [],
    modules: [],
  },
  {
    home: 'src/base/clock.ts',
    advice: 'take a Clock from src/base/clock.ts as an argument',
    members: [
      'Date.now',
      'performance.now',
      'process.hrtime',
      'globalThis.setTimeout',
      'globalThis.setInterval',
    ],
    names: ['setTimeout', 'setInterval'],
    modules: ['node:timers', 'node:timers/promises', 'node:perf_hooks'],
  },
  {
    home: 'src/base/rng.ts',
    advice: 'take an Rng from src/base/rng.ts as an argument',
    members: ['Math.random', 'crypto.getRandomValues', 'crypto.randomUUID'],
    names: ['randomBytes', 'randomUUID', 'getRandomValues', 'randomInt', 'randomFillSync', 'randomFill'],
    modules: [],
  },
];

// `a.setTimeout`, `{ setTimeout: 1 }` and a method of that name are something else; `{ setTimeout }` is a use.
function isBareName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isImportSpecifier(parent)) return (parent.propertyName ?? parent.name) === node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  return (parent as { name?: ts.Node }).name !== node;
}

// `crypto.randomBytes` by any name of the module.
const isCryptoMember = (node: ts.Node, names: readonly string[]): boolean =>
  ts.isPropertyAccessExpression(node) &&
  names.includes(node.name.text) &&
  /crypto$/i.test(node.expression.getText());

function breaks(ban: Ban, node: ts.Node): boolean {
  if (ts.isPropertyAccessExpression(node)) {
    return ban.members.includes(node.getText().replaceAll(/\s|\?/g, '')) || isCryptoMember(node, ban.names);
  }
  if (ts.isIdentifier(node)) return ban.names.includes(node.text) && isBareName(node);
  return false;
}

// `new Date()` asks the clock; `new Date(ns)` converts.
const asksDate = (node: ts.Node): boolean =>
  (ts.isNewExpression(node) || ts.isCallExpression(node)) &&
  node.expression.getText() === 'Date' &&
  (node.arguments?.length ?? 0) === 0;

// `process['env']`, `const { env } = process` and `import { env } from 'node:process'` are ways around `process.env`.
function asksEnvironment(node: ts.Node): boolean {
  if (ts.isElementAccessExpression(node)) return /^process\??\.?\[.env.\]$/.test(node.getText());
  if (ts.isBindingElement(node)) {
    const from = node.parent.parent;
    const wanted = (node.propertyName ?? node.name).getText();
    return wanted === 'env' && ts.isVariableDeclaration(from) && from.initializer?.getText() === 'process';
  }
  if (!ts.isImportSpecifier(node) || (node.propertyName ?? node.name).text !== 'env') return false;
  return /^'(node:)?process'$/.test(node.parent.parent.parent.moduleSpecifier.getText());
}

function asksHome(ban: Ban, node: ts.Node): boolean {
  if (ban.home === 'src/base/clock.ts') return asksDate(node);
  return ban.home === 'src/app/config.ts' && asksEnvironment(node);
}

function judgeBan(file: Parsed, ban: Ban): Finding[] {
  if (file.path === ban.home) return [];
  const findings: Finding[] = [];
  const add = (line: number, what: string) =>
    findings.push({ path: file.path, line, message: `${what} belongs in ${ban.home}: ${ban.advice}` });
  for (const { specifier, line } of file.imports) if (ban.modules.includes(specifier)) add(line, specifier);
  walk(file.ast, (node) => {
    if (asksHome(ban, node) || breaks(ban, node)) add(lineOf(file.ast, node), node.getText());
  });
  return findings;
}

/** Environment, time and chance each enter by one file. Tests, benchmarks and scripts are outside this rule. */
export const homeRule: Rule = (files) =>
  files.filter((file) => isProduct(file.path)).flatMap((file) => bans.flatMap((ban) => judgeBan(file, ban)));

const plainErrors = ['Error', 'TypeError', 'RangeError', 'SyntaxError'];

function isPlainError(node: ts.Node | undefined): boolean {
  const made = node !== undefined && (ts.isNewExpression(node) || ts.isCallExpression(node));
  return made && plainErrors.includes(node.expression.getText());
}

function throwsPlain(node: ts.Node): boolean {
  if (ts.isThrowStatement(node)) return isPlainError(node.expression);
  return (
    ts.isCallExpression(node) &&
    node.expression.getText() === 'Promise.reject' &&
    isPlainError(node.arguments[0])
  );
}

/** Errors have a class and a code, so that callers can tell them apart. */
export const errorRule: Rule = (files) =>
  files
    .filter((file) => isProduct(file.path))
    .flatMap(({ path, ast }) => {
      const findings: Finding[] = [];
      walk(ast, (node) => {
        if (!throwsPlain(node)) return;
        const message =
          'a plain error has no code: throw a class of src/base/errors.ts, with what to do in its message';
        findings.push({ path, line: lineOf(ast, node), message });
      });
      return findings;
    });

const asyncKinds = [ts.SyntaxKind.AsyncKeyword, ts.SyntaxKind.AwaitExpression];

function impurity(node: ts.Node): string | null {
  if (asyncKinds.includes(node.kind))
    return 'nothing asynchronous here: let the caller wait and hand in the result';
  if (ts.isIdentifier(node) && isBareName(node)) {
    if (node.text === 'Promise')
      return 'nothing asynchronous here: let the caller wait and hand in the result';
    if (node.text === 'process' || node.text === 'Buffer')
      return `${node.text} is Node's: use plain Uint8Array and arguments`;
  }
  return null;
}

/** Rooms of pure functions stay pure; what else is banned there (clock, chance) homeRule bans everywhere. */
export const pureRule: Rule = (files) =>
  files
    .filter((file) => isProduct(file.path) && pureRooms.includes(placeOf(file.path)?.room ?? ''))
    .flatMap((file) => {
      const { path, ast } = file;
      const findings: Finding[] = file.imports
        .filter((item) => item.target === null)
        .map(({ line, specifier }) => {
          const message = `${specifier}: this room imports no module but its own and base/; hand the result in`;
          return { path, line, message };
        });
      walk(ast, (node) => {
        const message = impurity(node);
        if (message !== null) findings.push({ path, line: lineOf(ast, node), message });
      });
      return findings;
    });
