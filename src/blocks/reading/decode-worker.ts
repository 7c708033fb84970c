import { parentPort, workerData } from 'node:worker_threads';
import { must } from '../../base/index.ts';
import { Board, type SharedBoard } from './board.ts';

/** A worker only computes: it decodes records that lie in shared memory, and opens no file. */
const board = new Board(workerData as SharedBoard);
board.open();
must(parentPort, 'the decode worker runs in a worker thread').postMessage('started');
board.work();
