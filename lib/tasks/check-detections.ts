import { argumentError } from '../arguments/options.js';
import { readArray, readFields } from '../arguments/untyped.js';
import type { Box, Detection } from './detection.js';

/** More than any picture has. */
const mostDetections = 100_000;

/**
 * Detections as untyped code may pass them, each property read once.
 *
 * @throws {GhostNetError} ERR_GHOST_ARGUMENT for boxes or scores that are no finite numbers, too, and corners in the wrong order
 */
export function checkDetections(value: unknown): (Detection & { readonly id: number | undefined })[] {
  const detections = readArray(value, mostDetections, 'detections');
  if (!detections) throw argumentError(`detections should be an array of at most ${mostDetections}`, value);
  return detections.map((detection, i) => checkDetection(detection, `detections[${i}]`));
}

function checkDetection(value: unknown, name: string): Detection & { readonly id: number | undefined } {
  if (typeof value !== 'object' || value === null)
    throw argumentError(`${name} should be an object { index, label, score, box }`, value);
  const { index, label, score, box, id } = readFields(value, ['index', 'label', 'score', 'box', 'id'], name);
  if (!isWhole(index)) throw argumentError(`${name}.index should be a whole number of at least 0`, index);
  if (typeof label !== 'string') throw argumentError(`${name}.label should be a text`, label);
  if (!Number.isFinite(score)) throw argumentError(`${name}.score should be a finite number`, score);
  if (id !== undefined && !isWhole(id)) throw argumentError(`${name}.id should be a whole number of at least 0`, id);
  return { index, label, score: score as number, box: checkBox(box, `${name}.box`), id };
}

function checkBox(value: unknown, name: string): Box {
  const sides = ['xmin', 'ymin', 'xmax', 'ymax'] as const;
  if (typeof value !== 'object' || value === null)
    throw argumentError(`${name} should be an object { ${sides.join(', ')} }`, value);
  const box = readFields(value, sides, name) as unknown as Box;
  for (const side of sides)
    if (!Number.isFinite(box[side])) throw argumentError(`${name}.${side} should be a finite number`, box[side]);
  if (box.xmin > box.xmax) throw argumentError(`${name}.xmax should be at least xmin (${box.xmin})`, box.xmax);
  if (box.ymin > box.ymax) throw argumentError(`${name}.ymax should be at least ymin (${box.ymin})`, box.ymax);
  return box;
}

function isWhole(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}
