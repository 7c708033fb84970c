/** Folders of real data: what is there, how it decodes, and which part of it may be learnt from. */
export { type DataSet, discover } from './folder.ts';
export { type Part, partInOrder, partOfGroup } from './split.ts';
export { discoverTraces, type TraceKeys, type TraceSet } from './traces.ts';
