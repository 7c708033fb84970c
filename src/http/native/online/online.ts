import type { NativeOptions, NativeScope } from '../scope.ts';
import { addJobs } from './jobs.ts';
import { addPipelines } from './pipelines.ts';
import { addPolicies } from './policies.ts';

/** Adds learning while serving: `/pipelines`, `/policies`, and `/jobs` for workers. */
export function addOnline(scope: NativeScope, options: NativeOptions): void {
  addPipelines(scope, options);
  addPolicies(scope, options);
  addJobs(scope, options);
}
