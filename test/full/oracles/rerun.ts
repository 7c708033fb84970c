// A test that runs a script again and compares it with its record.
import test from 'node:test';
import { assertClose } from './compare.ts';
import { ensureOracle, oracleScript, runOracle } from './environment.ts';
import { type Document, type Recorded, recordedDocument, scriptOf, toleranceOf } from './records.ts';

/** Adds the test. Another version of the tool is told, and held to the same numbers. */
export function testRecord(recorded: Recorded): void {
  test(`${recorded.tool}: ${scriptOf(recorded)}.py prints what is recorded as ${recorded.record}.json`, (t) => {
    const { python, absent } = ensureOracle(recorded.tool);
    if (absent !== undefined) return t.skip(absent);
    const stdin = recorded.stdin?.() ?? '';
    const { version, ...now } = runOracle<Document>(python, oracleScript(scriptOf(recorded)), { stdin });
    const { version: then, ...before } = recordedDocument(recorded);
    t.diagnostic(version === then ? `version ${version}` : `version ${version}, recorded with ${then}`);
    assertClose(now, before, toleranceOf(recorded));
  });
}
