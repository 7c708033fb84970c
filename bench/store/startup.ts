// How long the command takes to do nothing, in both forms it comes in.

import { median } from '../common/statistics.ts';
import type { Meter } from './commands.ts';
import { checkoutLauncher, type Launcher } from './tools/pilotfish.ts';

/** One form of the command. */
export interface Startup {
  readonly form: Launcher['form'];
  readonly seconds: number | null;
}

const times = 5;

function measure(meter: Meter, { form, path }: Launcher): Startup {
  const command = { program: process.execPath, args: [path, '--version'], cwd: '/' };
  // The first one reads the program from the disk.
  const [, ...seconds] = Array.from({ length: times + 1 }, () => meter.measure(command).wallSeconds);
  return { form, seconds: median(seconds) };
}

/** Measures the form that takes part, and the checkout beside it. */
export function measureStartup(meter: Meter, launcher: Launcher): Startup[] {
  const launchers = launcher.form === 'checkout' ? [launcher] : [launcher, checkoutLauncher];
  return launchers.map((one) => measure(meter, one));
}
