import { checkFinite, leastLogit, sigmoid, type Hit, type PredictionMap, type Wanted } from './candidates.js';

/** Channels of a map that are the logits of classes, one each. */
export interface ClassChannels {
  readonly first: number;
  readonly count: number;
}

/** A float's bits: of its exponent, and what they become negative by where it is NaN or infinite. */
const exponent = 0x7f800000;
const beyond = 0x00800000;

/**
 * Where one of `channels` is at least as large, channel by channel: the fewest of many. Others are read once, for
 * one comparison and one look at their bits: a sum of them would wait for itself.
 *
 * @throws {GhostNetError} ERR_GHOST_NOT_FINITE for any that is NaN or infinite
 */
export function eachAbove(
  map: PredictionMap,
  { first, count }: ClassChannels,
  least: number,
  take: (index: number, position: number, logit: number) => void,
): void {
  const { data, height, width } = map;
  const plane = height * width;
  const bits = new Int32Array(data.buffer, data.byteOffset, data.length); // as data
  const end = (first + count) * plane;
  let fault = 0;
  for (let at = first * plane; at < end; at++) {
    const logit = data[at]!;
    fault |= (bits[at]! & exponent) + beyond;
    if (logit >= least) take(Math.floor(at / plane) - first, at % plane, logit);
  }
  if (fault >= 0) return;
  for (let at = first * plane; at < end; at++) checkFinite(data[at]!, at % plane, width);
}

/**
 * Where a score is sigmoid(a logit of the place) times sigmoid(that of a class) and large enough: of every class, or of the best.
 *
 * @param factor channel of the place's logit
 * @throws {GhostNetError} ERR_GHOST_NOT_FINITE for a logit of a place, or of a class where the place counts, that is NaN or
 *   infinite
 */
export function productHits(
  map: PredictionMap,
  factor: number,
  { first, count }: ClassChannels,
  anchor: number,
  { threshold, multiLabel }: Wanted,
): Hit[] {
  const { data, height, width } = map;
  const plane = height * width;
  const hits: Hit[] = [];
  // No class can score more than its place.
  eachAbove(map, { first: factor, count: 1 }, leastLogit(threshold), (_, position, logit) => {
    const some = sigmoid(logit);
    const least = leastLogit(Math.min(threshold / some, 1));
    let best: Hit | undefined;
    let sum = 0;
    for (let index = 0, at = first * plane + position; index < count; index++, at += plane) {
      const value = data[at]!;
      sum += value;
      if (value < least) continue;
      checkFinite(value, position, width);
      const score = some * sigmoid(value);
      if (score < threshold) continue;
      const hit = { position, anchor, index, score };
      if (multiLabel) hits.push(hit);
      else if (!best || score > best.score) best = hit;
    }
    checkFinite(sum, position, width);
    if (best) hits.push(best);
  });
  return hits;
}
