/** What may be wrong with a training, and what helps: the troubleshooting of document 001. */
export type Advice = {
  readonly problem: 'low-accuracy' | 'overfitting' | 'not-converged' | 'slow' | 'rule-is-better';
  readonly message: string;
};

/** What is known of a training when it is over. */
export type TrainingFigures = {
  readonly trainAccuracy: number;
  /** Null without a validation part. */
  readonly valAccuracy: number | null;
  readonly stopped: 'epochs' | 'patience' | 'caller' | 'diverged';
  readonly epochs: number;
  readonly bestEpoch: number;
  readonly dropout: number;
  readonly secondsPerEpoch: number;
};

/** Document 001 calls anything below low. */
const LOW_ACCURACY = 0.8;
/** Training accuracy above validation accuracy by more than this is overfitting. */
const OVERFITTING_GAP = 0.1;
const SLOW_SECONDS = 60;

/** What the manifest of a room's model says of its training: mean regrets, and the advantage over the rules a link. */
export type RoomFigures = { readonly [name: string]: number };

/** Regret on held-out blocks above that on learnt ones by more than this is overfitting. */
const REGRET_GAP = 0.03;
const HIGH_REGRET = 0.05;

/**
 * The same for a model that learnt costs, from the metrics of its manifest; figures that are not there say nothing.
 * @param canTune whether the room has anything that `tune` searches
 */
export function adviceOnRoom(metrics: RoomFigures, { canTune }: { canTune: boolean }): Advice[] {
  const { trainRegret, valRegret } = metrics;
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const advice: Advice[] = [];
  if (trainRegret !== undefined && valRegret !== undefined && valRegret - trainRegret > REGRET_GAP) {
    const message = `overfitting: ${percent(trainRegret)} regret on what it learnt from, ${percent(valRegret)} on the rest: measure more sets${canTune ? ', or search smaller models and dropout with `tune`' : ''}`;
    advice.push({ problem: 'overfitting', message });
  } else if (valRegret !== undefined && valRegret > HIGH_REGRET) {
    const message = `${percent(valRegret)} regret is much: look at the table, measure more sets${canTune ? ', or search with `tune`' : ''}`;
    advice.push({ problem: 'low-accuracy', message });
  }
  const unearned = Object.keys(metrics).filter(
    (name) => name.startsWith('advantage') && !((metrics[name] ?? 0) > 0),
  );
  if (unearned.length > 0) {
    const places = unearned.map((name) => name.slice('advantage'.length).replace(/^[- ]/, '')).join(', ');
    advice.push({
      problem: 'rule-is-better',
      message: `no better than the rule: ${places}; \`score\` says who serves`,
    });
  }
  return advice;
}

/** The advice that matches, worst first; none for a training that looks well. */
export function adviceOn(figures: TrainingFigures): Advice[] {
  const { trainAccuracy, valAccuracy, stopped, epochs, bestEpoch, dropout, secondsPerEpoch } = figures;
  const advice: Advice[] = [];
  const say = (problem: Advice['problem'], message: string): void => {
    advice.push({ problem, message });
  };
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  if (valAccuracy !== null && trainAccuracy - valAccuracy > OVERFITTING_GAP) {
    const more = dropout === 0 ? 'set dropout to 0.1 to 0.3' : 'more dropout, augment: { noise: 0.01 }';
    say(
      'overfitting',
      `overfitting: ${percent(trainAccuracy)} on what it learnt from, ${percent(valAccuracy)} on the rest: ` +
        `${more}, a smaller hiddenDim, or more data`,
    );
  } else if ((valAccuracy ?? trainAccuracy) < LOW_ACCURACY) {
    say(
      'low-accuracy',
      `low accuracy, ${percent(valAccuracy ?? trainAccuracy)}: look for bad samples, tune, try a larger hiddenDim, ` +
        'gather more data',
    );
  }
  if (stopped === 'epochs' && valAccuracy !== null && bestEpoch === epochs - 1) {
    say('not-converged', 'the last epoch was the best: raise numEpochs');
  }
  if (secondsPerEpoch > SLOW_SECONDS) {
    say(
      'slow',
      `slow, ${secondsPerEpoch.toFixed(0)} s an epoch: raise batchSize, or use a smaller hiddenDim`,
    );
  }
  return advice;
}
