// Which room may import which: rings, doors, and the order of the rooms inside a top-level room.
import { closedToLibrary, doors, outermostRing, rings, roomOrder } from './rooms.ts';
import { type Finding, type Import, isTest, type Parsed, type Place, placeOf, type Rule } from './source.ts';

const ringOf = (place: Place): number | undefined => (place.room === '' ? outermostRing : rings[place.room]);

/** Calls `judge` for every import from one file of `src/` to another; a string it returns is a broken rule. */
function judgeImports(
  files: readonly Parsed[],
  judge: (from: Place, to: Place, file: Parsed) => string | null,
) {
  const findings: Finding[] = [];
  const judgeOne = (file: Parsed, from: Place, { target, line }: Import) => {
    const to = target === null ? null : placeOf(target);
    const message = to === null ? null : judge(from, to, file);
    if (message !== null) findings.push({ path: file.path, line, message });
  };
  for (const file of files) {
    const from = placeOf(file.path);
    if (from !== null) for (const item of file.imports) judgeOne(file, from, item);
  }
  return findings;
}

/** Imports go to lower rings or stay in their top-level room; tests obey too, or they could not outlive a deletion. */
export const ringRule: Rule = (files) =>
  judgeImports(files, (from, to) => {
    const [a, b] = [ringOf(from), ringOf(to)];
    if (a === undefined || b === undefined) {
      const unknown = a === undefined ? from.room : to.room;
      return `room "${unknown}" has no ring: enter it in test/tidy/rooms.ts, on the lowest ring that works`;
    }
    if (from.room === to.room) return null;
    if (from.room === '' && closedToLibrary.includes(to.room)) {
      return `the library's door must not import ${to.room}/: move what it needs to a lower room`;
    }
    // The programs and the library's door share the outermost ring and do not use each other.
    if (a > b) return null;
    return `${from.room || 'src'} (ring ${a}) must not import ${to.room || 'src'} (ring ${b}): let the lower room define the interface and hand the implementation in from above`;
  });

/** Another top-level room is entered by its door. */
export const doorRule: Rule = (files) =>
  judgeImports(files, (from, to, file) => {
    const atDoor = to.folder === '' && doors.includes(to.file);
    if (from.room === to.room || atDoor || isTest(file.path)) return null;
    return `enter ${to.room}/ by its index.ts or questions.ts: export what you need there`;
  });

const isIndex = (place: Place): boolean => place.folder === '' && place.file === 'index.ts';

function judgeOrder(from: Place, to: Place): string | null {
  const order = roomOrder[from.room] ?? [];
  if (isIndex(from)) return null;
  if (isIndex(to))
    return `a room must not import its own ${to.room}/index.ts: import the file that declares the name`;
  if (to.folder === '') return null;
  if (from.folder === '') {
    return `${from.room}/${from.file} is the ground under the folders of ${from.room}/: move it into a folder, or move what it needs out of ${to.folder}/`;
  }
  const [a, b] = [order.indexOf(from.folder), order.indexOf(to.folder)];
  if (a < 0 || b < 0) {
    return `folder "${a < 0 ? from.folder : to.folder}" of ${from.room}/ is not in the order: enter it in roomOrder in test/tidy/rooms.ts`;
  }
  if (a > b) return null;
  return `${from.folder}/ stands below ${to.folder}/ in ${from.room}/: hand the collaborator in as an argument, or move the shared part down`;
}

/** Inside a top-level room the sub-folders import only those before them. */
export const orderRule: Rule = (files) =>
  judgeImports(files, (from, to, file) => {
    const same = from.room !== to.room || (from.folder === to.folder && from.folder !== '');
    return same || from.room === '' || isTest(file.path) ? null : judgeOrder(from, to);
  });
