// What the rules look at: files as path and text, parsed once.
import { posix } from 'node:path';
import ts from 'typescript';

/** A file of the project; the path is relative to its root, with `/`. */
export interface Source {
  path: string;
  text: string;
}

/** One import, export-from or worker address of a file. */
export interface Import {
  specifier: string;
  /** Path of the file it means, or null for a package or a Node module. */
  target: string | null;
  /** True when loading this file loads that one: not so for types and for worker addresses. */
  loads: boolean;
  line: number;
}

export interface Parsed extends Source {
  ast: ts.SourceFile;
  imports: readonly Import[];
}

/** A broken rule: where, and what to do instead. */
export interface Finding {
  path: string;
  line: number;
  message: string;
}

export type Rule = (files: readonly Parsed[]) => Finding[];

export const lineOf = (ast: ts.SourceFile, node: ts.Node): number =>
  ast.getLineAndCharacterOfPosition(node.getStart(ast)).line + 1;

/** Calls `visit` on the node and everything below it. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

const resolve = (from: string, specifier: string): string | null =>
  specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : null;

// `import {} from` and `import { type A } from` run the module; only `import type` and `export type` do not.
function moduleReference(node: ts.Node): [string, boolean] | null {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    return [node.moduleSpecifier.text, node.importClause?.phaseModifier !== ts.SyntaxKind.TypeKeyword];
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
    return [node.moduleSpecifier.text, !node.isTypeOnly];
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    const { literal } = node.argument;
    return ts.isStringLiteral(literal) ? [literal.text, false] : null;
  }
  if (!ts.isCallExpression(node) || node.expression.kind !== ts.SyntaxKind.ImportKeyword) return null;
  const [first] = node.arguments;
  return first !== undefined && ts.isStringLiteralLike(first) ? [first.text, true] : null;
}

// A worker is named by `new URL('./x.ts', import.meta.url)`, or, to be right in the compiled form as well, by
// `new URL(`./x${extension}`, import.meta.url)` or a choice between two names.
function workerAddresses(node: ts.Node): string[] {
  if (!ts.isNewExpression(node) || node.expression.getText() !== 'URL') return [];
  const [first] = node.arguments ?? [];
  const found: string[] = [];
  if (first === undefined) return found;
  walk(first, (part) => {
    if (ts.isStringLiteralLike(part)) found.push(part.text);
    if (ts.isTemplateExpression(part)) found.push(`${part.head.text}.ts`);
  });
  return found.filter((text) => /^\.{1,2}\/.*\.ts$/.test(text));
}

export function parse(source: Source): Parsed {
  const ast = ts.createSourceFile(source.path, source.text, ts.ScriptTarget.ESNext, true);
  const imports: Import[] = [];
  walk(ast, (node) => {
    const add = (specifier: string, loads: boolean) =>
      imports.push({ specifier, target: resolve(source.path, specifier), loads, line: lineOf(ast, node) });
    const found = moduleReference(node);
    if (found !== null) add(...found);
    for (const address of workerAddresses(node)) add(address, false);
  });
  return { ...source, ast, imports };
}

/** Where a source file stands: `src/blocks/chunk/a.ts` is room `blocks`, sub-folder `chunk`. */
export interface Place {
  room: string;
  folder: string;
  file: string;
}

/** Null for what is outside `src/`; `src/index.ts` has the empty room. */
export function placeOf(path: string): Place | null {
  const parts = path.split('/');
  if (parts[0] !== 'src' || parts.length < 2) return null;
  if (parts.length === 2) return { room: '', folder: '', file: parts[1] ?? '' };
  const folder = parts.length > 3 ? (parts[2] ?? '') : '';
  return { room: parts[1] ?? '', folder, file: parts.slice(folder === '' ? 2 : 3).join('/') };
}

export const isTest = (path: string): boolean => path.endsWith('.test.ts');

/** Code that is part of the product: in `src/`, and no test. */
export const isProduct = (path: string): boolean => path.startsWith('src/') && !isTest(path);
