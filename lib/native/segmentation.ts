import { addon, settleUnlessAborted, zeros, type Call, type Callback } from './calls.js';
import { GhostNetError } from '../errors.js';
import type { Geometry } from '../preprocess-config.js';

type Size = readonly [height: number, width: number];

/** What a network says of one picture, before anything becomes of it. Nobody may change it meanwhile. */
export interface LogitMap {
  /** [classes, height, width] */
  readonly data: Float32Array;
  readonly shape: readonly [classes: number, height: number, width: number];
}

/**
 * Pixel p of a result lies at sample `begin + step * p` of a map, along one axis; whole numbers are the centres of
 * samples. Behind the first and the last one the map goes on as they are.
 */
export interface AxisMap {
  readonly begin: number;
  readonly step: number;
}

/** The pixels of a result, and where they lie on a map. */
export interface PixelGrid {
  readonly size: Size;
  readonly y: AxisMap;
  readonly x: AxisMap;
}

/** PyTorch's positions, whose quotients are float32. */
function axisOver(samples: number, pixels: number, alignCorners: boolean): AxisMap {
  if (alignCorners) return { begin: 0, step: pixels > 1 ? Math.fround((samples - 1) / (pixels - 1)) : 0 };
  const step = Math.fround(samples / pixels);
  return { begin: step / 2 - 0.5, step };
}

/** A result of this size over all of a map [height, width], as PyTorch's `F.interpolate(mode='bilinear')` lays it. */
export function gridOver([height, width]: Size, size: Size, alignCorners: boolean): PixelGrid {
  return { size, y: axisOver(height, size[0], alignCorners), x: axisOver(width, size[1], alignCorners) };
}

/**
 * The pixels of a picture over a map [height, width] that is all of an input of `inputSize`, which was made of the
 * picture as `geometry` says. What of the picture is not on the input has the values of the input's edge.
 */
export function gridOfPicture(map: Size, inputSize: Size, geometry: Geometry, alignCorners: boolean): PixelGrid {
  const { y, x } = gridOver(map, inputSize, alignCorners);
  const through = ({ begin, step }: AxisMap, axis: 0 | 1): AxisMap => {
    const [scale, offset] = [geometry.scale[axis], geometry.offset[axis]];
    return { begin: begin + step * (scale / 2 + offset - 0.5), step: step * scale };
  };
  return { size: geometry.imageSize, y: through(y, 0), x: through(x, 1) };
}

export interface Labels {
  /** [height, width] of the grid: classes, the lowest of those with the largest logit; Uint16Array of more than 256. */
  readonly labels: Uint8Array | Uint16Array;
  /** [classes] pixels with that label; of one class [2], those without and those with it. */
  readonly counts: Uint32Array;
}

const mapValues = ['logits', 'sigmoid', 'softmax'] as const;

/** What logits are told as. */
export type MapValues = (typeof mapValues)[number];

interface Segmenting {
  readonly data: Float32Array;
  /** See native/binding/segmentation.h. */
  readonly numbers: Float64Array;
  readonly isa: string;
  readonly output: Labels['labels'] | Float32Array;
  readonly counts?: Uint32Array;
}

interface Addon {
  /** Undefined where it has failed already; the answer is where the first logit is that is no finite number. */
  segment(call: Segmenting, callback: Callback<number | undefined>): Call | undefined;
}

/** How it is computed, and what may end it. */
export interface Running {
  readonly isa: string;
  readonly signal: AbortSignal | undefined;
}

async function segment(
  { data, shape }: LogitMap,
  { size, y, x }: PixelGrid,
  last: number,
  output: Pick<Segmenting, 'output' | 'counts'>,
  { isa, signal }: Running,
): Promise<void> {
  const numbers = Float64Array.of(...shape, ...size, y.begin, y.step, x.begin, x.step, last);
  const notFinite = await settleUnlessAborted<number | undefined>(
    (callback) => (addon() as Addon).segment({ data, numbers, isa, ...output }, callback),
    signal,
  );
  if (notFinite !== undefined) throw notFiniteAt(notFinite, data, shape);
}

function notFiniteAt(index: number, data: Float32Array, [, height, width]: LogitMap['shape']): GhostNetError {
  const [c, y, x] = [Math.floor(index / (height * width)), Math.floor(index / width) % height, index % width];
  const message = `The network's logits should be finite numbers, and that of class ${c} in row ${y}, column ${x} of its map is ${data[index]}. Look for such values in the input tensor; a model in half precision may need { precision: 'fp32' }.`;
  return new GhostNetError('ERR_GHOST_NOT_FINITE', message);
}

/**
 * The class of each pixel, interpolated bilinearly between the logits, without anything else of the result's size. Of
 * one class 1 where its probability, the sigmoid of the logit, is `threshold` or more, else 0. An aborted signal stops
 * it between rows.
 *
 * @throws {GhostNetError} ERR_GHOST_NOT_FINITE for a logit that is NaN or infinite, ERR_GHOST_SHAPE for impossible sizes,
 *   ERR_GHOST_BUSY or ERR_GHOST_NATIVE
 */
export async function labelsOf(
  map: LogitMap,
  grid: PixelGrid,
  { threshold, ...running }: Running & { readonly threshold: number },
): Promise<Labels> {
  const classes = map.shape[0];
  const labels = zeros<Uint8Array | Uint16Array>(classes > 256 ? Uint16Array : Uint8Array, grid.size[0] * grid.size[1]);
  const counts = new Uint32Array(Math.max(classes, 2));
  await segment(map, grid, Math.log(threshold / (1 - threshold)), { output: labels, counts }, running);
  return { labels, counts };
}

/**
 * The logits themselves, or their sigmoid or softmax, [classes, height, width] of the grid.
 *
 * @throws what {@link labelsOf} throws
 */
export async function mapsOf(
  map: LogitMap,
  grid: PixelGrid,
  { values, ...running }: Running & { readonly values: MapValues },
): Promise<Float32Array> {
  const output = zeros(Float32Array, map.shape[0] * grid.size[0] * grid.size[1]);
  await segment(map, grid, mapValues.indexOf(values), { output }, running);
  return output;
}
