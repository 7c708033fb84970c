// Makes a checkout runnable: installs what is missing or stale, then names the Node to run it with.
// Plain JavaScript: it runs under whatever `node` is on PATH, before anything is installed.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chooseNode, findPinnedNode, minimumMajor, pinnedPackage, root } from './pinned-node.mjs';
import { runToEnd } from './run-node.mjs';

const lockPath = join(root, 'package-lock.json');
const installedPath = join(root, 'node_modules/.package-lock.json');
const stampPath = join(root, 'node_modules/.pilotfish-installed');
const mutexPath = join(root, '.pilotfish/install.lock');
const mutexWaitMs = 10 * 60_000;

const say = (line) => process.stderr.write(`pilotfish: ${line}\n`);
const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));
const lockHash = () => createHash('sha256').update(readFileSync(lockPath)).digest('hex');
const stamped = () => existsSync(stampPath) && readFileSync(stampPath, 'utf8') === lockHash();

const asList = (value) => (value === undefined ? [] : [value].flat());

function allows(list, value) {
  const refused = list.filter((item) => item.startsWith('!')).map((item) => item.slice(1));
  const wanted = list.filter((item) => !item.startsWith('!'));
  return !refused.includes(value) && (wanted.length === 0 || wanted.includes(value));
}

// An optional package may be absent, unless it is plainly the one for this machine. What also depends on the C
// library is left to npm, and so is what only the absent ones need.
function mayBeAbsent(entry) {
  if (entry.optional !== true) return false;
  const platforms = [...asList(entry.os), ...asList(entry.cpu)];
  const suits = allows(asList(entry.os), process.platform) && allows(asList(entry.cpu), process.arch);
  return platforms.length === 0 || !suits || entry.libc !== undefined || stamped();
}

function isStaleEntry(wanted, installed) {
  if (installed === undefined) return !mayBeAbsent(wanted);
  return wanted.version !== installed.version || wanted.integrity !== installed.integrity;
}

/** Why an install is needed, in words; null when node_modules agrees with package-lock.json. */
export function whyInstall() {
  if (!existsSync(installedPath)) return 'first run';
  const installed = readJson(installedPath).packages;
  const stale = Object.entries(readJson(lockPath).packages).find(
    ([path, entry]) => path.startsWith('node_modules/') && isStaleEntry(entry, installed[path]),
  );
  if (stale !== undefined) return `${stale[0]} is missing or has another version`;
  return pinnedPackage() !== null && findPinnedNode() === null ? 'the pinned Node is missing' : null;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function takeMutex() {
  mkdirSync(join(root, '.pilotfish'), { recursive: true });
  try {
    writeFileSync(mutexPath, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  const owner = Number(existsSync(mutexPath) ? readFileSync(mutexPath, 'utf8') : '');
  // An empty file is a mutex whose owner is about to write its number.
  if (owner > 0 && !isAlive(owner)) rmSync(mutexPath, { force: true });
  return false;
}

async function withMutex(work) {
  let waitedMs = 0;
  while (!takeMutex()) {
    if (waitedMs === 0) say('another process installs in this checkout; waiting');
    if (waitedMs > mutexWaitMs)
      throw new Error(`waited too long; remove ${mutexPath} if nothing is installing`);
    waitedMs += 200;
    await sleep(200);
  }
  try {
    return await work();
  } finally {
    rmSync(mutexPath, { force: true });
  }
}

function npmCommand() {
  const cli = process.env.npm_execpath;
  if (cli?.endsWith('npm-cli.js')) return [process.execPath, [cli]];
  return [process.platform === 'win32' ? 'npm.cmd' : 'npm', []];
}

async function install(reason) {
  say(`installing packages (${reason})`);
  const [command, prefix] = npmCommand();
  const args = [...prefix, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  // npm's own report would stand between a caller and the result on stdout.
  const options = { cwd: root, stdio: ['ignore', 2, 2], shell: command.endsWith('.cmd') };
  const code = await runToEnd(command, args, options);
  if (code !== 0)
    throw new Error(`npm ci ended with code ${code}; it needs the npm registry once, see above`);
  writeFileSync(stampPath, lockHash());
}

/** Installs if needed; resolves to the path of the Node to use. */
export async function bootstrap() {
  if (whyInstall() !== null) {
    await withMutex(async () => {
      const reason = whyInstall();
      if (reason !== null) await install(reason);
    });
  }
  const node = chooseNode();
  if (node !== null) return node;
  throw new Error(
    `no Node for ${process.platform}-${process.arch} on npm; install Node >= ${minimumMajor()} yourself`,
  );
}

/** Runs `work(node)` and makes its result the exit code; a failure is one line on stderr and exit code 1. */
export async function bootstrapped(work) {
  try {
    process.exitCode = await work(await bootstrap());
  } catch (error) {
    say(error.message);
    process.exitCode = 1;
  }
}
