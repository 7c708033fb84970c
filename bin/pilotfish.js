#!/usr/bin/env node
// The launcher. It must parse under every Node that knows modules (12 and later), so that an old one gets a
// sentence instead of a SyntaxError: no `node:` imports, no `??`, no top-level await.
import { existsSync } from 'fs';
import { fileURLToPath, pathToFileURL } from 'url';
import { setFlagsFromString } from 'v8';

const NEEDED_MAJOR = 24;
// In the checkout an older one is enough: it only starts the pinned Node.
const STARTER_MAJOR = 20;
const major = Number(process.versions.node.split('.')[0]);
const newEnough = major >= NEEDED_MAJOR;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const sources = here('../src/app/main.ts');

function fail(message) {
  process.stderr.write(`pilotfish: ${message}\n`);
  process.exitCode = 1;
}

function tooOld(needed) {
  return fail(
    `needs Node >= ${needed}, this is ${process.versions.node}; install a newer Node and try again`,
  );
}

function runHere(path) {
  if (process.argv[2] === 'serve') {
    // What a server loads to start would otherwise leave a young generation of 30 MB, and garbage, that stay resident
    // while it is idle. Both hold until it answers: src/app/serve.ts takes them back.
    setFlagsFromString('--semi-space-growth-factor=1');
    setFlagsFromString('--optimize-for-size');
  }
  return import(pathToFileURL(path).href)
    .then(({ main }) => main(process.argv.slice(2)))
    .then((code) => {
      process.exitCode = code;
    });
}

// A checkout holds the sources; what npm installs holds only their compiled form.
function runCheckout() {
  if (newEnough) return runHere(sources);
  if (major < STARTER_MAJOR) return tooOld(STARTER_MAJOR);
  return Promise.all([import('../scripts/pinned-node.mjs'), import('../scripts/run-node.mjs')]).then(
    ([{ findPinnedNode }, { runToEnd }]) => {
      const node = findPinnedNode();
      if (node === null) return fail('this checkout is not set up; run `npm ci` in it');
      return runToEnd(node, process.argv.slice(1)).then((code) => {
        process.exitCode = code;
      });
    },
  );
}

function run() {
  if (existsSync(sources)) return runCheckout();
  if (newEnough) return runHere(here('../dist/app/main.js'));
  return fail(
    `needs Node >= ${NEEDED_MAJOR}, this is ${process.versions.node}; install a newer Node and try again`,
  );
}

Promise.resolve()
  .then(run)
  .catch((error) => fail(error && error.stack ? error.stack : String(error)));
