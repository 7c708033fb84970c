// Rules about the import graph as a whole: no cycles at run time, nothing that nothing reaches.
import { type Finding, isTest, type Parsed, type Rule } from './source.ts';

type Graph = ReadonlyMap<string, readonly string[]>;

function runtimeGraph(files: readonly Parsed[]): Graph {
  const known = new Set(files.map((file) => file.path));
  const targets = (file: Parsed) =>
    file.imports.filter((item) => item.loads).map((item) => item.target ?? '');
  return new Map(files.map((file) => [file.path, targets(file).filter((target) => known.has(target))]));
}

/** The first cycle found from `start`, as the list of its files; null when there is none. */
function cycleFrom(graph: Graph, start: string, done: Set<string>): string[] | null {
  const trail: string[] = [];
  const visit = (path: string): string[] | null => {
    const at = trail.indexOf(path);
    if (at >= 0) return trail.slice(at);
    if (done.has(path)) return null;
    trail.push(path);
    for (const next of graph.get(path) ?? []) {
      const cycle = visit(next);
      if (cycle !== null) return cycle;
    }
    trail.pop();
    done.add(path);
    return null;
  };
  return visit(start);
}

export const cycleRule: Rule = (files) => {
  const graph = runtimeGraph(files);
  const done = new Set<string>();
  const findings: Finding[] = [];
  for (const { path } of files) {
    const cycle = cycleFrom(graph, path, done);
    if (cycle === null) continue;
    for (const member of cycle) done.add(member);
    const text = [...cycle, cycle[0]].join(' -> ');
    const advice =
      'move the shared part into a file of its own, or use `import type` where only types are needed';
    findings.push({ path: cycle[0] ?? path, line: 1, message: `import cycle ${text}: ${advice}` });
  }
  return findings;
};

const programs = ['src/index.ts', 'src/app/main.ts'];
const isRoot = (path: string): boolean =>
  !path.startsWith('src/') || isTest(path) || programs.includes(path) || /^src\/[^/]+\/index\.ts$/.test(path);

/** Types count too: a file of nothing but types is reached by `import type`. */
export const reachRule: Rule = (files) => {
  const targets = new Map(files.map((file) => [file.path, file.imports.map((item) => item.target ?? '')]));
  const reached = new Set<string>();
  const queue = files.map((file) => file.path).filter(isRoot);
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    queue.push(...(targets.get(path) ?? []));
  }
  const lost = files.filter((file) => !reached.has(file.path));
  return lost.map(({ path }) => ({
    path,
    line: 1,
    message: 'nothing imports this file: use it or delete it',
  }));
};
