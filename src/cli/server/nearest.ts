/** How many letters to take away, add or change between two words (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const changed = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

const MAX_WORD = 64;

/** The known word that is written most like another, in whatever case; the first of several. */
export function nearestWord(word: string, known: readonly string[]): string | undefined {
  const asked = word.slice(0, MAX_WORD).toLowerCase();
  const scored = known.map((name) => ({ name, far: distance(asked, name.toLowerCase()) }));
  return scored.sort((a, b) => a.far - b.far)[0]?.name;
}
