import { describe, test } from 'node:test';
import { contentChecks } from './file-system-content.ts';
import { linkChecks } from './file-system-links.ts';
import { metadataChecks } from './file-system-metadata.ts';
import { nameChecks } from './file-system-names.ts';
import { type Check, inScratch, type Subject } from './file-system-subject.ts';

const GROUPS: Readonly<Record<string, readonly Check[]>> = {
  content: contentChecks,
  names: nameChecks,
  links: linkChecks,
  metadata: metadataChecks,
};

/** What every implementation of the file-system port has to do. Join with a name and a way to make one. */
export function fileSystemConformance(name: string, make: () => Subject): void {
  describe(`file-system port: ${name}`, () => {
    for (const [group, checks] of Object.entries(GROUPS)) {
      describe(group, () => {
        for (const [promise, check] of checks)
          test(promise, (t) => inScratch(make, (scratch) => check(scratch, t)));
      });
    }
  });
}
