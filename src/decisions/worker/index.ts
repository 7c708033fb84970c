/** Foreign models: in a thread of their own, waited for at most the time budget. */
export { WorkerModel, type WorkerModelOptions } from './worker-model.ts';
