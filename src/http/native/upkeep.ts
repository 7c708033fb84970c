import { requireAllModels, requireModel } from '../identity.ts';
import * as schemas from './schemas.ts';
import type { NativeOptions, NativeScope } from './scope.ts';

const tags = ['upkeep'];

/** Adds what keeps a registry sound: verification and the audit log. */
export function addUpkeep(scope: NativeScope, { directory }: NativeOptions): void {
  const { registry } = directory;
  scope.post(
    '/verify',
    {
      config: { role: 'admin' },
      schema: {
        ...{ tags, summary: 'Read every artefact and hold it against its signed manifest' },
        ...{ body: schemas.verifyBody, response: { 200: schemas.scrub } },
      },
    },
    async ({ body, identity }) => {
      if (body?.name === undefined) requireAllModels(identity);
      else requireModel(identity, body.name);
      const report = await registry.verify(body?.name === undefined ? {} : { name: body.name });
      return { ...report, damaged: [...report.damaged], repaired: [...report.repaired] };
    },
  );
  scope.get(
    '/audit',
    {
      config: { role: 'approver' },
      schema: {
        ...{ tags, summary: 'Who changed what', querystring: schemas.auditQuery },
        response: { 200: schemas.auditEntries },
      },
    },
    async ({ query, identity }) => {
      requireAllModels(identity);
      const { after, subject, limit } = query;
      const asked = {
        ...(after === undefined ? {} : { after }),
        ...(subject === undefined ? {} : { subject }),
        ...(limit === undefined ? {} : { limit }),
      };
      return { entries: await registry.audit.entries(asked) };
    },
  );
  scope.post(
    '/audit/verify',
    {
      config: { role: 'approver' },
      schema: { tags, summary: 'Check the whole audit log', response: { 200: schemas.auditReport } },
    },
    () => registry.audit.verify(),
  );
}
