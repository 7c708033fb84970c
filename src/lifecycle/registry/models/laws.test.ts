// The registry against a model of a few lines: whatever is asked in whatever order, both say the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hasCode } from '../../../base/index.ts';
import { house, metadataOf, passed } from '../testing/house.ts';
import { eventsAfter } from '../webhooks/outbox.ts';
import { GUARDED, MODEL_STATUSES, type ModelStatus } from './life-cycle.ts';

type Known = { number: number; status: ModelStatus; evidence: Set<string> };

class Simple {
  readonly versions: Known[] = [];
  last = 0;
  /** Versions that entered production, each with the one before it. */
  promotions: { version: number; replaced: number | undefined }[] = [];

  register(): void {
    this.last += 1;
    this.versions.push({ number: this.last, status: 'draft', evidence: new Set() });
  }

  promote(version: Known, to: ModelStatus): boolean {
    if (version.status === to) return true;
    const step = GUARDED.transitions.find((item) => item.from === version.status && item.to === to);
    if (step === undefined || !step.evidence.every((kind) => version.evidence.has(kind))) return false;
    if (to === 'production') {
      for (const other of this.versions) if (other.status === 'production') other.status = 'archived';
      const before = this.promotions
        .filter(({ version: number }) => number !== version.number)
        .at(-1)?.version;
      this.promotions.push({ version: version.number, replaced: before });
    }
    version.status = to;
    return true;
  }

  rollback(): boolean {
    const last = this.promotions.at(-1);
    const target = this.versions.find(({ number }) => number === last?.replaced);
    if (last === undefined || target === undefined) return false;
    this.promotions.pop();
    const present = this.versions.find(({ number }) => number === last.version);
    if (present?.status === 'production') present.status = 'archived';
    target.status = 'production';
    return true;
  }

  delete(version: Known): boolean {
    if (version.status === 'production') version.status = 'archived';
    else if (version.status !== 'archived') return false;
    else {
      this.versions.splice(this.versions.indexOf(version), 1);
      this.promotions = this.promotions
        .filter((item) => item.version !== version.number)
        .map((item) => (item.replaced === version.number ? { ...item, replaced: undefined } : item));
    }
    return true;
  }
}

const at = fc.nat({ max: 20 });
const command = fc.oneof(
  { weight: 2, arbitrary: fc.constant({ kind: 'register' } as const) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('promote' as const),
      at,
      to: fc.constantFrom(...MODEL_STATUSES),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('evidence' as const),
      at,
      of: fc.constantFrom('evaluation', 'experiment'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('straight' as const), at }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'rollback' } as const) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), at }) },
);

test('any commands: the same statuses, the same refusals, and nothing is lost from the log', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 40 }), async (commands) => {
      const { registry, state, clock } = house();
      const simple = new Simple();
      const isDone = async (work: Promise<unknown>): Promise<boolean> => {
        try {
          await work;
          return true;
        } catch (error) {
          assert.ok(hasCode(error, 'REFUSED', 'MISSING'), String(error));
          return false;
        }
      };
      for (const one of commands) {
        clock.advance(1);
        const version = 'at' in one ? simple.versions[one.at % simple.versions.length] : undefined;
        const ref = { name: 'threat-detector', version: version?.number ?? 0 };
        if (one.kind === 'register') {
          await registry.registerModel(metadataOf(`v1.${simple.last}`), Buffer.from(String(simple.last)));
          simple.register();
        } else if (one.kind === 'rollback') {
          assert.equal(await isDone(registry.rollbackModel('threat-detector')), simple.rollback());
        } else if (version === undefined) continue;
        else if (one.kind === 'promote') {
          assert.equal(
            await isDone(registry.transitions.promote(ref, one.to)),
            simple.promote(version, one.to),
          );
        } else if (one.kind === 'straight') {
          for (const to of ['testing', 'staging', 'production'] as const) {
            const evidence = [passed('evaluation'), passed('experiment')];
            if (await isDone(registry.transitions.promote(ref, to, { evidence })))
              for (const { kind } of evidence) version.evidence.add(kind);
            simple.promote(version, to);
          }
        } else if (one.kind === 'evidence') {
          await registry.transitions.addEvidence(ref, passed(one.of));
          version.evidence.add(one.of);
        } else assert.equal(await isDone(registry.versions.delete(ref)), simple.delete(version));
        const found = (await registry.listModels()).map(({ number, status }) => [number, status]);
        assert.deepEqual(
          found,
          simple.versions.map(({ number, status }) => [number, status]),
        );
        assert.ok(found.filter(([, status]) => status === 'production').length <= 1);
      }
      await replays(registry, simple);
      const changes = (await registry.audit.entries()).filter(({ action }) => action !== 'version.evidence');
      assert.equal((await eventsAfter(state, 0)).length, changes.length);
    }),
    { numRuns: 60 },
  );
});

/** The log alone gives the statuses. */
async function replays(registry: ReturnType<typeof house>['registry'], simple: Simple): Promise<void> {
  await registry.audit.verify();
  const statuses = new Map<string, string>();
  for (const { action, subject, after } of await registry.audit.entries()) {
    const { status } = (after ?? {}) as { status?: string };
    if (action === 'version.delete') statuses.delete(subject);
    else if (status !== undefined) statuses.set(subject, status);
  }
  assert.deepEqual(
    [...statuses],
    simple.versions.map(({ number, status }) => [`threat-detector/${number}`, status]),
  );
}
