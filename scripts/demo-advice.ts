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
  if (advice === null || advice.questions === 0) return 'codecs: nothing new to choose one for';
  const { codecBy, questions, answeredByModel } = advice;
  const chosen = Object.entries(advice.codecs)
    .sort(([, a], [, b]) => b - a)
    .map(([codec, count]) => `${codec} ${count}`);
  return `codecs: ${whoAnswered(codecBy, answeredByModel, questions)} for ${questions} blocks: ${chosen.join(', ')}`;
}

function whoAnswered(codecBy: string, byModel: number, questions: number): string {
  if (codecBy === 'heuristic') return 'the rule chose (no model is installed)';
  if (byModel === 0) return `the rule chose (the model ${codecBy} did not earn its place here)`;
  return byModel === questions
    ? `the model ${codecBy} chose`
    : `the model ${codecBy} chose for ${byModel}, the rule for the others of`.replace(/ of$/, '');
}

/** The choices beside one codec for all; `plain` is the same pack without hints. */
export function savingLine(advised: Advised, plain: Advised): string {
  const [with_, without] = [storedBytes(advised), storedBytes(plain)];
  const saved = without - with_;
  const seconds = advised.cpuSeconds - plain.cpuSeconds;
  const bytes = `${(Math.abs(saved) / MIB).toFixed(1)} MiB (${((100 * Math.abs(saved)) / without).toFixed(1)} %)`;
  const cpu = `${Math.abs(seconds).toFixed(1)} s`;
  return `        beside one codec for all of them: ${bytes} ${saved < 0 ? 'more' : 'less'} stored, ${cpu} ${seconds < 0 ? 'less' : 'more'} CPU`;
}

const storedBytes = ({ codecs }: Advised): number =>
  Object.values(codecs).reduce((sum, { bytes }) => sum + bytes, 0);
