// The map of the house: which top-level room stands on which ring, and in which order the rooms inside one may
// import each other. The rules in this folder read it; a new room is entered here first.

/** Ring of each top-level room. A room imports only from lower rings and from itself. */
export const rings: Readonly<Record<string, number>> = {
  base: 0,
  learn: 1,
  signals: 1,
  blocks: 2,
  overlay: 2,
  tunnel: 2,
  transfer: 3,
  decisions: 4,
  lifecycle: 5,
  facades: 6,
  http: 6,
  cli: 6,
  app: 7,
};

/** `src/index.ts` stands with `app` on the outermost ring, and may not import the surfaces. */
export const outermostRing = 7;
export const closedToLibrary: readonly string[] = ['http', 'cli'];

/** Files by which a top-level room is entered from outside. */
export const doors: readonly string[] = ['index.ts', 'questions.ts'];

/**
 * Sub-folders of a top-level room, lowest first: each may import the ones before it. Files that lie directly in the
 * top-level room are the ground under all its sub-folders, except `index.ts`, which stands above them.
 */
export const roomOrder: Readonly<Record<string, readonly string[]>> = {
  learn: [
    'contract',
    'kernels',
    'nets',
    'trees',
    'linear',
    'stats',
    'sketches',
    'bandits',
    'values',
    'sequences',
    'ensemble',
    'optim',
    'explain',
    'formats',
  ],
  signals: ['chunking', 'similarity'],
  cli: [
    'models',
    'commands',
    'search',
    'upkeep',
    'registry',
    'experiments',
    'rollout',
    'drift',
    'online',
    'doctor',
    'server',
  ],
  http: [
    'client',
    'keys',
    'frame',
    'mlflow',
    'mlflow-models',
    'mlflow-tracking',
    'mlflow-routes',
    'inference',
    'metrics',
    'native',
    'service',
  ],
  lifecycle: [
    'telemetry',
    'dataset',
    'training',
    'registry',
    'jobs',
    'serving',
    'experiments',
    'rollout',
    'drift',
    'online',
  ],
  decisions: [
    'artefact',
    'contract',
    'guard',
    'worker',
    'data',
    'scoreboard',
    'workshop',
    'codec',
    'similar',
    'prefetch',
    'advisers',
    'catalog',
    'models',
  ],
  blocks: [
    'seal',
    'codec',
    'chunk',
    'pack',
    'index',
    'repo',
    'ahead',
    'bases',
    'store',
    'tree',
    'reading',
    'source',
    'session',
    'fingerprints',
    'browse',
    'backup',
    'restore',
    'check',
    'upkeep',
  ],
};

/** Rooms of pure functions: no Node modules, no clock, no chance of their own, nothing asynchronous. */
export const pureRooms: readonly string[] = ['learn', 'signals'];

/** Rooms held to the smaller file limit. */
export const shortFileRooms: readonly string[] = ['learn', 'decisions'];
