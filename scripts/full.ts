// npm run test:full: what needs real tools or services, see test/full. What is absent is reported as skipped.
import { close } from './steps.ts';
import { runSuite, testFiles } from './suite.ts';

close(await runSuite(testFiles(['test/full/**/*.test.ts'])));
