// Every example runs as its README says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { root, run, runWell } from './support.ts';

test('a room in one folder: its model regrets less than its rule, asked through a guard', () => {
  const { stdout } = runWell(process.execPath, ['examples/readahead-room/main.ts'], { cwd: root });
  const [rule = 0, model = 0] = [...stdout.matchAll(/regret ([0-9.]+) %/g)].map(([, percent]) =>
    Number(percent),
  );
  assert.match(stdout, /\(readahead@1\)/);
  assert.ok(model < rule / 2, stdout);
});

test('a threat detector: registered, promoted, served, replaced, rolled back', () => {
  const { stdout } = runWell(process.execPath, ['examples/threat-detector/main.ts'], { cwd: root });
  const steps = [...stdout.matchAll(/^(.*): version (\d), .* accuracy (0\.\d+)$/gm)];
  assert.deepEqual(
    steps.map(([, what, version]) => [what, version]),
    [
      ['promoted', '1'],
      ['replaced', '2'],
      ['rolled back', '1'],
    ],
  );
  for (const [line, , , accuracy] of steps) assert.ok(Number(accuracy) > 0.9, line);
  assert.match(stdout, /^pilotfish_model_predictions_total\{.*outcome="success"\} 1503$/m);
});

test('a threat detector in ONNX: without its runtime the example says which package lacks', () => {
  const { code, stderr } = run(process.execPath, ['examples/threat-detector/main.ts', '--onnx'], {
    cwd: root,
  });
  assert.equal(code, 1);
  assert.match(stderr, /^UNSUPPORTED: .*npm install onnxruntime-node/);
});
