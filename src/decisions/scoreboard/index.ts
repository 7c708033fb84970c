/** Scoreboards: every chooser of a room beside every baseline and the oracle, on every data set. */
export { type Scoreboard, type ScoreRow, type ScoreSet, scoreboardText } from './scoreboard.ts';
