// The library's door: every public name.
export * from './base/index.ts';
