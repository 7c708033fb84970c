// How long a file and a function may be, how many parameters it may take, how many files a room may hold.
import { posix } from 'node:path';
import ts from 'typescript';
import * as limits from './limits.ts';
import { shortFileRooms } from './rooms.ts';
import { type Finding, isProduct, lineOf, type Parsed, placeOf, type Rule, walk } from './source.ts';

const fileLimit = (path: string): number =>
  shortFileRooms.includes(placeOf(path)?.room ?? '') ? limits.shortFileLinesMax : limits.fileLinesMax;

export const fileRule: Rule = (files) =>
  files.flatMap(({ path, text }) => {
    const lines = text.replace(/\n$/, '').split('\n').length;
    const limit = fileLimit(path);
    if (lines <= limit) return [];
    return [
      { path, line: limit, message: `${lines} lines, limit ${limit}: split it by what changes together` },
    ];
  });

type Callable = ts.SignatureDeclaration & { body?: ts.Node | undefined };

const isCallable = (node: ts.Node): node is Callable => ts.isFunctionLike(node) && 'body' in node;

// `describe('…', () => { … })` only groups tests; its length says nothing.
function isGroup(node: ts.Node): boolean {
  const call = node.parent;
  if (!ts.isCallExpression(call) || !ts.isIdentifier(call.expression)) return false;
  return ['describe', 'suite'].includes(call.expression.text);
}

const nameOf = (node: Callable): string =>
  node.name?.getText() ?? (ts.isConstructorDeclaration(node) ? 'constructor' : 'function');

function judgeFunction({ path, ast }: Parsed, node: Callable): Finding[] {
  const line = lineOf(ast, node);
  const lines = ast.getLineAndCharacterOfPosition(node.getEnd()).line + 2 - line;
  const findings: Finding[] = [];
  if (node.body && lines > limits.functionLinesMax && !isGroup(node)) {
    const message = `${nameOf(node)} has ${lines} lines, limit ${limits.functionLinesMax}: keep the control flow, move the leaves into functions of their own`;
    findings.push({ path, line, message });
  }
  // A declared `this` is no argument.
  const count = node.parameters.filter((parameter) => parameter.name.getText() !== 'this').length;
  if (count > limits.parametersMax) {
    const message = `${nameOf(node)} takes ${count} parameters, limit ${limits.parametersMax}: take one named object`;
    findings.push({ path, line, message });
  }
  return findings;
}

export const functionRule: Rule = (files) =>
  files.flatMap((file) => {
    const findings: Finding[] = [];
    walk(file.ast, (node) => {
      if (isCallable(node)) findings.push(...judgeFunction(file, node));
    });
    return findings;
  });

export const roomRule: Rule = (files) => {
  const rooms = Map.groupBy(
    files.filter((file) => isProduct(file.path)),
    (file) => posix.dirname(file.path),
  );
  return [...rooms].flatMap(([path, members]) => {
    if (members.length <= limits.roomFilesMax) return [];
    const message = `${members.length} source files, limit ${limits.roomFilesMax}: split the room by its words`;
    return [{ path, line: 1, message }];
  });
};
