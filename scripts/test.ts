// npm test: the checks, then every test except those in test/full. `npm test -- chunk` runs the files whose path
// holds that word, without the checks.
import { add, close, runSteps } from './steps.ts';
import { runSuite, testFiles } from './suite.ts';

const words = process.argv.slice(2);
const files = testFiles(['src/**/*.test.ts', 'test/**/*.test.ts'], ['test/full/**']);

if (words.length > 0)
  close(await runSuite(files.filter((file) => words.some((word) => file.includes(word)))));
else close(add(await runSteps(), await runSuite(files)));
