import { describe, expect, it } from 'vitest';
import { assign } from '../../lib/tracking/assignment.js';

/** The least total of all ways, each tried: a row alone costs `limit`. */
function leastTotal(
  costs: readonly (readonly number[])[],
  limit: number,
  row = 0,
  taken: readonly number[] = [],
): number {
  if (row === costs.length) return 0;
  const alone = limit + leastTotal(costs, limit, row + 1, taken);
  const ways = costs[row]!.map((cost, column) =>
    taken.includes(column) ? Infinity : cost + leastTotal(costs, limit, row + 1, [...taken, column]),
  );
  return Math.min(alone, ...ways);
}

describe('the assignment', () => {
  it('has the least total of all ways, each column once, and no pair above the limit', () => {
    let state = 1;
    const random = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
    for (let trial = 0; trial < 400; trial++) {
      const [rows, columns] = [1 + Math.floor(random() * 5), Math.floor(random() * 6)];
      const limit = random();
      const costs = Array.from({ length: rows }, () =>
        Array.from({ length: columns }, () => (random() < 0.2 ? Infinity : Math.round(random() * 20) / 20)),
      );
      const found = assign(costs, limit);
      const columnsTaken = found.filter((column) => column !== undefined);
      expect(new Set(columnsTaken).size).toBe(columnsTaken.length);
      const chosen = found.map((column, row) => (column === undefined ? limit : costs[row]![column]!));
      expect(Math.max(...chosen)).toBeLessThanOrEqual(limit);
      expect(chosen.reduce((sum, cost) => sum + cost)).toBeCloseTo(leastTotal(costs, limit), 12);
    }
  });

  it('of no rows or no columns is none', () => {
    expect(assign([], 1)).toEqual([]);
    expect(assign([[], []], 1)).toEqual([undefined, undefined]);
  });

  it('gives up a near pair where the whole is nearer so', () => {
    const costs = [
      [0.1, 0.2],
      [0.15, 0.9],
    ];
    expect(assign(costs, 1)).toEqual([1, 0]);
  });
});
