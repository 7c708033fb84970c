/** The answers of this room are those the core takes: slots to read, best first. */
export { isAheadAnswer } from '../../blocks/index.ts';
