/** Values of actions in states, learnt from transitions. */
export { Discretiser } from './discretiser.ts';
export {
  type ActionChoice,
  QLearning,
  type QLearningOptions,
  type StateQuestion,
  type Transition,
} from './q-learning.ts';
