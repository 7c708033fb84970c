import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FileSystem, NodeFileSystem } from '../../src/base/index.ts';
import { SimFileSystem } from '../sim/disk.ts';
import { FaultyFileSystem } from '../sim/faults.ts';
import { fileSystemConformance } from './file-system.ts';
import type { Subject } from './file-system-subject.ts';

function onDisk(wrap: (fs: FileSystem) => FileSystem): Subject {
  const root = mkdtempSync(join(tmpdir(), 'pilotfish-port-'));
  return {
    fs: wrap(new NodeFileSystem()),
    root,
    dispose: () => rmSync(root, { recursive: true, force: true }),
  };
}

function inMemory(wrap: (fs: FileSystem) => FileSystem): Subject {
  const fs = new SimFileSystem();
  fs.makeDirectory('/scratch');
  return { fs: wrap(fs), root: '/scratch', dispose: () => undefined };
}

const asIs = (fs: FileSystem): FileSystem => fs;
const withoutFault = (fs: FileSystem): FileSystem => new FaultyFileSystem(fs);

fileSystemConformance('the machine', () => onDisk(asIs));
fileSystemConformance('the simulated disk', () => inMemory(asIs));
fileSystemConformance('the fault layer, without a fault', () => inMemory(withoutFault));
