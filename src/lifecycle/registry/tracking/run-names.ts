import type { RandomSource } from '../../../base/index.ts';

const ADJECTIVES =
  'able agile amber bold brave bright calm clever crisp eager early fair fast fond gentle glad grand happy honest keen kind light lively loyal lucid merry mild neat nimble noble polite proud quick quiet rare ready robust sharp shy silent smart smooth steady swift tidy upbeat vivid warm wise'.split(
    ' ',
  );
const NOUNS =
  'auk bass bear bee bird boar bug calf carp cat cod colt crab crane crow cub deer dog dove duck eel elk finch fish fly foal fox frog goat grouse hare hawk hen horse jay kit koi lamb lark loon lynx mink mole moose moth mouse newt owl ox perch pig quail ram rat ray rook seal shad shark sheep shrew shrike skink skunk slug snail snipe sow sponge squid stag stork swan toad trout vole wasp whale wolf worm wren yak'.split(
    ' ',
  );

/** A name for a run that was given none: `calm-otter-412`. */
export function runName(random: RandomSource): string {
  const bytes = random(8);
  const [adjective, noun] = [bytes.readUInt16LE(0) % ADJECTIVES.length, bytes.readUInt16LE(2) % NOUNS.length];
  return `${ADJECTIVES[adjective]}-${NOUNS[noun]}-${bytes.readUInt32LE(4) % 1000}`;
}
