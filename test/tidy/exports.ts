// Rules about exports: names, never defaults; and what leaves by a door is documented where it is declared.
import ts from 'typescript';
import { type Finding, lineOf, type Parsed, placeOf, type Rule } from './source.ts';

const hasModifier = (node: ts.Node, kind: ts.SyntaxKind): boolean =>
  ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some((modifier) => modifier.kind === kind);

function isDefault(node: ts.Statement): boolean {
  if (ts.isExportAssignment(node)) return true;
  if (hasModifier(node, ts.SyntaxKind.DefaultKeyword)) return true;
  if (!ts.isExportDeclaration(node) || !node.exportClause || !ts.isNamedExports(node.exportClause))
    return false;
  return node.exportClause.elements.some((element) => element.name.text === 'default');
}

export const defaultRule: Rule = (files) =>
  files.flatMap(({ path, ast }) =>
    ast.statements.filter(isDefault).map((node) => {
      const message = 'no default exports: give it a name, so that it has the same one everywhere';
      return { path, line: lineOf(ast, node), message };
    }),
  );

const isDoor = (path: string): boolean => {
  const place = placeOf(path);
  return place !== null && place.folder === '' && place.file === 'index.ts';
};

interface Declared {
  node: ts.Node;
  file: Parsed;
}

const isFunctionValue = (node: ts.Expression | undefined): boolean =>
  node !== undefined && (ts.isArrowFunction(node) || ts.isFunctionExpression(node));

/** The statement that declares function or class `name` in the file; undefined for types and plain values. */
function findDeclaration(file: Parsed, name: string): ts.Node | undefined {
  return file.ast.statements.find((node) => {
    if (ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node)) return node.name?.text === name;
    if (!ts.isVariableStatement(node)) return false;
    return node.declarationList.declarations.some(
      (item) => item.name.getText() === name && isFunctionValue(item.initializer),
    );
  });
}

interface Reexport {
  from: string;
  /** Outer name to inner name; null for `export *`. */
  names: ReadonlyMap<string, string> | null;
}

function reexports(file: Parsed): Reexport[] {
  return file.ast.statements.filter(ts.isExportDeclaration).flatMap((node): Reexport[] => {
    if (!node.moduleSpecifier || !ts.isStringLiteral(node.moduleSpecifier)) return [];
    const { text } = node.moduleSpecifier;
    const from = file.imports.find((item) => item.specifier === text)?.target ?? '';
    if (!node.exportClause || !ts.isNamedExports(node.exportClause)) return [{ from, names: null }];
    const pairs = node.exportClause.elements.map(
      (item) => [item.name.text, (item.propertyName ?? item.name).text] as const,
    );
    return [{ from, names: new Map(pairs) }];
  });
}

const exportedHere = (file: Parsed): string[] =>
  file.ast.statements
    .filter((node) => hasModifier(node, ts.SyntaxKind.ExportKeyword))
    .flatMap((node) => {
      if (ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node))
        return node.name ? [node.name.text] : [];
      return ts.isVariableStatement(node)
        ? node.declarationList.declarations.map((item) => item.name.getText())
        : [];
    });

type Files = ReadonlyMap<string, Parsed>;

/** Everything `path` exports under `only` (null: all its names), followed to where it is declared. */
function declarations(files: Files, path: string, only: readonly string[] | null): Declared[] {
  const file = files.get(path);
  if (file === undefined) return [];
  const own = (only ?? exportedHere(file)).flatMap((name) => {
    const node = findDeclaration(file, name);
    return node === undefined ? [] : [{ node, file }];
  });
  const others = reexports(file).flatMap(({ from, names }) => {
    if (names === null) return declarations(files, from, only);
    const wanted = [...names]
      .filter(([outer]) => only === null || only.includes(outer))
      .map(([, inner]) => inner);
    return wanted.length === 0 ? [] : declarations(files, from, wanted);
  });
  return [...own, ...others];
}

const isDocumented = ({ node, file }: Declared): boolean => {
  const comments = ts.getLeadingCommentRanges(file.text, node.getFullStart()) ?? [];
  return comments.some((range) => file.text.startsWith('/**', range.pos));
};

/** What a door exports has a doc comment at its declaration: it is what the user's editor shows. */
export const documentRule: Rule = (files) => {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const found = files
    .filter((file) => isDoor(file.path))
    .flatMap((file) => declarations(byPath, file.path, null));
  const findings = found
    .filter((item) => !isDocumented(item))
    .map(({ node, file }): Finding => {
      const message =
        'a door exports this: say in a /** … */ comment what it does, for someone who only sees its name';
      return { path: file.path, line: lineOf(file.ast, node), message };
    });
  return [...new Map(findings.map((item) => [`${item.path}:${item.line}`, item])).values()];
};
