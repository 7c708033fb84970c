// npm run check: types, lint, unused code, and the tidy rules.
import { add, close, runSteps } from './steps.ts';
import { runSuite, testFiles } from './suite.ts';

close(add(await runSteps(), await runSuite(testFiles(['test/tidy/**/*.test.ts']))));
