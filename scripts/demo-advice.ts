// What npm start says of the rooms: who answered what while packing and restoring, and what that was worth.
import type { AdviceReport } from '../src/decisions/index.ts';

/** What of `pack --json` is looked at here. */
export interface Advised {
  readonly codecs: Readonly<Record<string, { readonly bytes: number }>>;
  readonly cpuSeconds: number;
  /** Null after `--no-hints`. */
  readonly advice: AdviceReport | null;
}

/** What of `restore --json` is looked at here. */
export interface ReadAhead {
  readonly readAhead: { readonly issued: number; readonly used: number; readonly wasted: number };
}

const MIB = 1024 * 1024;

/** Who answered for similar blocks, and what came of it. */
export function basesLine({ advice }: Advised): string {
  const bases = advice?.bases;
  if (bases === undefined || bases.questions === 0) return 'no new block that resembles another one';
  const { questions, declined, kept, notKept, basesBy, answeredByModel } = bases;
  const who = whoAnswered({ by: basesBy, answeredByModel, questions });
  return `${who} chose bases for ${questions} similar blocks: ${kept} stored as a difference, ${notKept} tried in vain, ${declined} not tried`;
}

/** What was read before it was asked for. */
export function readAheadLine({ readAhead: { issued, used, wasted } }: ReadAhead): string {
  if (issued === 0) return 'nothing was read ahead: too little, or too many small files, for it to pay';
  return `the rule (what the tree says comes next) had ${issued} blocks read ahead: ${used} were used, ${wasted} were not`;
}

/** Who answered, and what. */
export function adviceLine({ advice }: Advised): string {
  if (advice === null || advice.questions === 0) return 'no new block that a codec had to be chosen for';
  const chosen = Object.entries(advice.codecs)
    .sort(([, a], [, b]) => b - a)
    .map(([codec, count]) => `${codec} ${count}`);
  return `${whoAnswered({ by: advice.codecBy, ...advice })} chose how to compress ${advice.questions} blocks: ${chosen.join(', ')}`;
}

interface Answered {
  /** `name@version` of the model, or `heuristic`. */
  readonly by: string;
  readonly questions: number;
  readonly answeredByModel: number;
}

function whoAnswered({ by, answeredByModel, questions }: Answered): string {
  if (by === 'heuristic') return 'the rule (no model is installed)';
  if (answeredByModel === 0) return `the rule (${by} is not known to be better here)`;
  if (answeredByModel === questions) return `the model ${by}`;
  return `the model ${by} (${answeredByModel} times) and the rule (${questions - answeredByModel} times)`;
}

/** The choices beside those of the built-in rules; `plain` is what the same pack without hints came to. */
export function savingLine(advised: Advised, plain: Advised): string {
  const before = storedBytes(plain);
  const saved = before - storedBytes(advised);
  const bytes = Math.abs(saved);
  const share = before === 0 ? 0 : (100 * bytes) / before;
  const seconds = advised.cpuSeconds - plain.cpuSeconds;
  const size = `${(bytes / MIB).toFixed(1)} MiB (${share.toFixed(1)} %) ${saved < 0 ? 'more' : 'less'}`;
  const time = `${Math.abs(seconds).toFixed(1)} s ${seconds < 0 ? 'less' : 'more'} CPU`;
  return `compared with a pack that asks no room: ${size} to store, ${time}`;
}

const storedBytes = ({ codecs }: Advised): number =>
  Object.values(codecs).reduce((sum, { bytes }) => sum + bytes, 0);
