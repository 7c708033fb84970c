// node scripts/run.mjs test/full/oracles/setup.ts: installs every tool of this folder and says what is there.
import { ensureTool } from '../tools.ts';
import { ensureOracle, oracleNames, oracleVersion } from './environment.ts';

const missing: string[] = [];
const clang = ensureTool('clang');
if (clang === null) missing.push('clang IS ABSENT and could not be installed (needs root and apt-get)');
else process.stdout.write(`clang: ${clang}\n`);
for (const name of oracleNames) {
  const { python, absent } = ensureOracle(name);
  if (absent !== undefined) missing.push(absent);
  else process.stdout.write(`${name} ${oracleVersion(python, name)}: ${python}\n`);
}
for (const line of missing) process.stdout.write(`SKIP ${line}\n`);
