// node create-encrypted.ts REPOSITORY: an empty repository under the password in PILOTFISH_PASSWORD.
import { createRepository } from '../../../src/blocks/index.ts';
import { ports, repositoryOptions } from './ports.ts';

createRepository(repositoryOptions(), ports);
