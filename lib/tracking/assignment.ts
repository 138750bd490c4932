/**
 * Pairs of rows and columns of the least total cost, where a row may stay alone at the cost `limit`, so that no pair costs more:
 * the Hungarian method by shortest augmenting paths (Jonker and Volgenant 1987), O(rows² (rows + columns)).
 *
 * @param costs [rows][columns]; infinite for what is no pair
 * @returns [rows]: the column of each; undefined where it stays alone
 */
export function assign(costs: readonly (readonly number[])[], limit: number): (number | undefined)[] {
  const rows = costs.length;
  const columns = costs[0]?.length ?? 0;
  // Behind the columns a place to be alone for each row.
  const places = columns + rows;
  const costOf = (row: number, column: number): number =>
    column >= columns ? limit : costs[row]![column]! > limit ? Infinity : costs[row]![column]!;
  const rowPrices = new Float64Array(rows);
  const columnPrices = new Float64Array(places);
  /** [places]: the row that has it. */
  const takenBy = new Int32Array(places).fill(-1);
  for (let row = 0; row < rows; row++) augment(row, costOf, { rowPrices, columnPrices, takenBy });
  const found = Array<number | undefined>(rows).fill(undefined);
  for (let column = 0; column < columns; column++) if (takenBy[column]! >= 0) found[takenBy[column]!] = column;
  return found;
}

interface Prices {
  /** [rows] */
  readonly rowPrices: Float64Array;
  /** [places] */
  readonly columnPrices: Float64Array;
  /** [places] */
  readonly takenBy: Int32Array;
}

/** Finds a place for one more row along the shortest path, on which others give theirs up for another. */
function augment(
  first: number,
  costOf: (row: number, column: number) => number,
  { rowPrices, columnPrices, takenBy }: Prices,
): void {
  const places = takenBy.length;
  const distances = new Float64Array(places).fill(Infinity);
  /** [places]: the place before it on the path; -1 where it begins. */
  const previous = new Int32Array(places).fill(-1);
  const done = new Uint8Array(places);
  let [row, at, way] = [first, -1, 0];
  for (;;) {
    let nearest = -1;
    for (let column = 0; column < places; column++) {
      if (done[column]) continue;
      const distance = way + costOf(row, column) - rowPrices[row]! - columnPrices[column]!;
      if (distance < distances[column]!) [distances[column], previous[column]] = [distance, at];
      if (nearest < 0 || distances[column]! < distances[nearest]!) nearest = column;
    }
    [at, way] = [nearest, distances[nearest]!];
    done[at] = 1;
    if (takenBy[at]! < 0) break;
    row = takenBy[at]!;
  }
  rowPrices[first]! += way;
  for (let column = 0; column < places; column++) {
    if (!done[column] || column === at) continue;
    rowPrices[takenBy[column]!]! += way - distances[column]!;
    columnPrices[column]! -= way - distances[column]!;
  }
  while (at >= 0) {
    const before = previous[at]!;
    takenBy[at] = before < 0 ? first : takenBy[before]!;
    at = before;
  }
}
