// What npm start says of the codec room: who chose the codecs of a pack, which, and what that was worth.

/** What of `pack --json` is looked at here. */
export interface Advised {
  readonly codecs: Readonly<Record<string, { readonly bytes: number }>>;
  readonly cpuSeconds: number;
  /** Null after `--no-hints`. */
  readonly advice: {
    /** `name@version` of the model, or `heuristic`. */
    readonly codecBy: string;
    readonly questions: number;
    readonly answeredByModel: number;
    readonly codecs: Readonly<Record<string, number>>;
  } | null;
}

const MIB = 1024 * 1024;

/** Who answered, and what. */
export function adviceLine({ advice }: Advised): string {
  if (advice === null || advice.questions === 0) return 'no new block that a codec had to be chosen for';
  const chosen = Object.entries(advice.codecs)
    .sort(([, a], [, b]) => b - a)
    .map(([codec, count]) => `${codec} ${count}`);
  return `${whoAnswered(advice)} chose how to compress ${advice.questions} blocks: ${chosen.join(', ')}`;
}

function whoAnswered({ codecBy, answeredByModel, questions }: NonNullable<Advised['advice']>): string {
  if (codecBy === 'heuristic') return 'the rule (no model is installed)';
  if (answeredByModel === 0) return `the rule (${codecBy} is not known to be better here)`;
  if (answeredByModel === questions) return `the model ${codecBy}`;
  return `the model ${codecBy} (${answeredByModel} times) and the rule (${questions - answeredByModel} times)`;
}

/** The choices beside one way for all blocks; `plain` is what the same pack without hints came to. */
export function savingLine(advised: Advised, plain: Advised): string {
  const before = storedBytes(plain);
  const saved = before - storedBytes(advised);
  const bytes = Math.abs(saved);
  const share = before === 0 ? 0 : (100 * bytes) / before;
  const seconds = advised.cpuSeconds - plain.cpuSeconds;
  const size = `${(bytes / MIB).toFixed(1)} MiB (${share.toFixed(1)} %) ${saved < 0 ? 'more' : 'less'}`;
  const time = `${Math.abs(seconds).toFixed(1)} s ${seconds < 0 ? 'less' : 'more'} CPU`;
  return `compared with the same codec for every block: ${size} to store, ${time}`;
}

const storedBytes = ({ codecs }: Advised): number =>
  Object.values(codecs).reduce((sum, { bytes }) => sum + bytes, 0);
