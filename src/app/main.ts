// The program. A stand-in until the commands exist: it knows its version.
import packageJson from '../../package.json' with { type: 'json' };

/** Runs the command line; resolves to the exit code. */
export async function main(argv: string[]): Promise<number> {
  if (argv[0] !== '--version') {
    process.stderr.write('pilotfish: no commands yet\n');
    return 1;
  }
  process.stdout.write(`${packageJson.version}\n`);
  return 0;
}
