export { type RestoreOptions, type RestoreResult, restore } from './restore.ts';
export { type TarOptions, tarStream } from './tar.ts';
