import { argumentError } from '../arguments/options.js';
import { readArray, readFields } from '../arguments/untyped.js';
import type { Box } from '../tasks/detection.js';

/** Pixels of the picture, from its upper left corner. */
export type Point = readonly [x: number, y: number];

/** From one point to another; its sides are those that one sees who looks along it. */
export interface Line {
  readonly from: Point;
  readonly to: Point;
}

/** The corners of an area, in their order; the last is joined with the first. */
export type Polygon = readonly Point[];

const mostCorners = 1000;

/** @throws {GhostNetError} ERR_GHOST_ARGUMENT, which calls it `name` */
export function checkPoint(value: unknown, name: string): Point {
  const point = readArray(value, 2, name);
  const [x, y] = point ?? [];
  if (point?.length === 2 && Number.isFinite(x) && Number.isFinite(y)) return [x as number, y as number];
  throw argumentError(`${name} should be two finite numbers [x, y]`, value);
}

/** @throws {GhostNetError} ERR_GHOST_ARGUMENT for anything else than two different points */
export function checkLine(value: unknown, name: string): Line {
  if (typeof value !== 'object' || value === null) throw argumentError(`${name} should be { from, to }`, value);
  const ends = readFields(value, ['from', 'to'], name);
  const line = { from: checkPoint(ends.from, `${name}.from`), to: checkPoint(ends.to, `${name}.to`) };
  if (line.from[0] !== line.to[0] || line.from[1] !== line.to[1]) return line;
  throw argumentError(`${name}.to should be another point than ${name}.from`, line.to);
}

/** @throws {GhostNetError} ERR_GHOST_ARGUMENT for anything else than three points or more, between which something lies */
export function checkPolygon(value: unknown, name: string): Polygon {
  const corners = readArray(value, mostCorners, name);
  if (!corners || corners.length < 3)
    throw argumentError(`${name} should be an array of 3 to ${mostCorners} points [x, y]`, value);
  const polygon = corners.map((corner, i) => checkPoint(corner, `${name}[${i}]`));
  if (isFlat(polygon)) throw argumentError(`${name} should have an area, and its corners lie on one line`, value);
  return polygon;
}

/** Whether nothing lies between the corners, since all of them are on one line. */
export function isFlat(polygon: Polygon): boolean {
  const from = polygon[0]!;
  const to = polygon.find(([x, y]) => x !== from[0] || y !== from[1]);
  return to === undefined || polygon.every((corner) => distanceFrom({ from, to }, corner) === 0);
}

/** Which point of a box stands for it: the middle of its lower side, where a person or a car touches the ground, or its own middle. */
export type BoxPoint = 'bottom' | 'center';

export function checkBoxPoint(value: unknown): BoxPoint {
  if (value === undefined || value === 'bottom') return 'bottom';
  if (value === 'center') return value;
  throw argumentError("point should be 'bottom' or 'center'", value);
}

export function pointOf({ xmin, ymin, xmax, ymax }: Box, point: BoxPoint): Point {
  return [(xmin + xmax) / 2, point === 'bottom' ? ymax : (ymin + ymax) / 2];
}

/** Pixels from a line that never ends to a point: positive on its right, as pictures have it, whose y grows downwards. */
export function distanceFrom({ from, to }: Line, [x, y]: Point): number {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  return (dx * (y - from[1]) - dy * (x - from[0])) / Math.hypot(dx, dy);
}

/** Whether the straight way between two points on different sides of a line meets it between its ends. */
export function crosses(line: Line, before: Point, after: Point): boolean {
  const way = { from: before, to: after };
  return distanceFrom(way, line.from) <= 0 !== distanceFrom(way, line.to) <= 0;
}

/** Even-odd: where an area overlaps itself, it has a hole. */
export function contains(polygon: Polygon, [x, y]: Point): boolean {
  let isInside = false;
  for (const [i, [toX, toY]] of polygon.entries()) {
    const [fromX, fromY] = polygon.at(i - 1)!;
    if (fromY > y !== toY > y && x < fromX + ((y - fromY) / (toY - fromY)) * (toX - fromX)) isInside = !isInside;
  }
  return isInside;
}
