/** The words every room and every asker share. */
export type { BreakerState, Hint, HintReason, HintSource, Receipt } from './hint.ts';
export type { FeatureSlot, Room, RoomModel } from './room.ts';
