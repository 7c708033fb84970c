export { type KeySlot, makeKeySlot, openKeySlot, parseKeySlot } from './key-slot.ts';
export { AesGcmSealer, MASTER_KEY_BYTES, plainSealer, type Sealer } from './sealer.ts';
