// Reads the files of the project that the rules are about.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Parsed, parse, type Source } from './source.ts';

export const root = join(import.meta.dirname, '../..');

const codePatterns = ['{src,test,scripts,bench,examples}/**/*.ts', '{scripts,bin}/**/*.{js,mjs}'];
const textPatterns = ['*.md', '*.json', '{docs,changes,src,test,bench,examples}/**/*.md', '.ci/*'];
// AssemblyScript is another language; the generated module is one long string.
const excluded = [
  '**/assembly/**',
  '**/*-wasm.ts',
  '**/node_modules/**',
  'package-lock.json',
  'bench/out/**',
];

function read(patterns: readonly string[]): Source[] {
  const paths = globSync([...patterns], { cwd: root, exclude: excluded }).map((path) =>
    path.replaceAll('\\', '/'),
  );
  return paths.sort().map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

export const loadCode = (): Parsed[] => read(codePatterns).map(parse);

/** Prose and settings, which only the rules about text look at. */
export const loadTexts = (): Source[] => read(textPatterns);
