/** Names that begin with so many letters in common are meant for each other: `retry` and `retries`. */
const commonLetters = 4;

/** More letters wrong is another word. */
const maxEdits = 3;

/**
 * The name that `given` nearly is, if there is one. Case, dashes and underscores count little: `input_size` is
 * `inputSize`.
 */
export function nearestName(given: string, names: readonly string[]): string | undefined {
  const plain = plainName(given);
  const edits = names.map((name) => editDistance(plain, plainName(name)));
  const fewest = Math.min(...edits);
  // Of a short word three letters are most of it.
  if (fewest <= Math.min(maxEdits, plain.length / 2)) return names[edits.indexOf(fewest)];
  return plain.length < commonLetters
    ? undefined
    : names.find((name) => plainName(name).startsWith(plain.slice(0, commonLetters)));
}

function plainName(name: string): string {
  return name.slice(0, 100).toLowerCase().replaceAll(/[-_]/g, '');
}

/** Levenshtein's: letters to insert, delete or replace. */
function editDistance(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const distances = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = above[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1);
      distances.push(Math.min(replaced, above[column]! + 1, distances[column - 1]! + 1));
    }
    above = distances;
  }
  return above[to.length]!;
}
