// Every rule of the house about code, with the sentence a reader sees when it holds.
import { errorRule, homeRule, pureRule } from './calls.ts';
import { defaultRule, documentRule } from './exports.ts';
import { cycleRule, reachRule } from './graph.ts';
import { doorRule, orderRule, ringRule } from './rings.ts';
import { fileRule, functionRule, roomRule } from './sizes.ts';
import type { Rule } from './source.ts';

export const codeRules: Readonly<Record<string, Rule>> = {
  'imports go down the rings': ringRule,
  'a top-level room is entered by its door': doorRule,
  'rooms inside a room import along their order': orderRule,
  'no import cycles at run time': cycleRule,
  'every source file is reached by something': reachRule,
  'files are short': fileRule,
  'functions are short and take few parameters': functionRule,
  'rooms are small': roomRule,
  'environment, time and chance have one home each': homeRule,
  'errors have a code': errorRule,
  'pure rooms are pure': pureRule,
  'no default exports': defaultRule,
  'what leaves by a door is documented': documentRule,
};
