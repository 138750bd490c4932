import { GhostNetError } from '../errors.js';
import { tooLarge } from '../input-limits.js';
import type { DecodedImage } from '../pixels/image.js';
import type { Geometry, PreprocessConfig } from '../preprocess-config.js';
import { addon as loadedAddon, failed, orOutOfMemory, settleUnlessAborted, zeros } from './calls.js';
import type { Call, Callback, Failure } from './calls.js';

/** Where a picture of this size will lie in the input. */
interface Placing {
  readonly width: number;
  readonly height: number;
  readonly config: PreprocessConfig;
  /** The input's side, scale and offset down, then across: see {@link Geometry}. */
  readonly place: Float64Array;
}

/** One picture on its way to a network's input. */
interface Preprocessing {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** Whether their ArrayBuffer holds nothing else that anybody needs: it is detached, see native/binding/preprocess.h. */
  readonly spent: boolean;
  readonly config: PreprocessConfig;
  readonly isa: string;
  /** [channels, height, width] of the config's means and of what {@link Placing} says. */
  readonly output: Float32Array;
}

interface Addon {
  placeInput(placing: Placing): Failure | undefined;
  /** Undefined where it has failed already. */
  preprocess(call: Preprocessing, callback: Callback<undefined>): Call | undefined;
}

const addon = (): Addon => loadedAddon() as Addon;

/**
 * [channels, height, width] of the config's means and of the input size that the picture has. The pixels must stay as they are until the promise settles; an aborted
 * signal stops it between rows.
 *
 * @param spent whether nobody needs the pixels any more: then their memory is freed at once
 */
export async function preprocessPixels(
  image: DecodedImage,
  config: PreprocessConfig,
  isa: string,
  { signal, spent }: { signal: AbortSignal | undefined; spent: boolean },
): Promise<{ data: Float32Array; inputSize: [height: number, width: number]; geometry: Geometry }> {
  const { width, height, channels } = image;
  const { inputSize, geometry } = placedInput(image, config);
  const pixels = new Uint8Array(image.data.buffer, image.data.byteOffset, image.data.byteLength);
  const output = zeros(Float32Array, config.mean.length * inputSize[0] * inputSize[1]);
  const isAlone = pixels.byteLength === pixels.buffer.byteLength;
  const call = { pixels, width, height, channels, spent: spent && isAlone, config, isa, output };
  await settleUnlessAborted((callback) => addon().preprocess(call, callback), signal, pictureFaults);
  return { data: output, inputSize, geometry };
}

/** What a picture's failures are to the caller. */
const pictureFaults = { invalid_argument: 'ERR_GHOST_IMAGE', unsupported: 'ERR_GHOST_IMAGE' } as const;

function placedInput(
  { width, height }: DecodedImage,
  config: PreprocessConfig,
): { inputSize: [height: number, width: number]; geometry: Geometry } {
  const place = new Float64Array(6);
  const failure = orOutOfMemory(() => addon().placeInput({ width, height, config, place }));
  if (failure) throw failed(failure, pictureFaults);
  const [rows = 0, down = 0, top = 0, columns = 0, across = 0, left = 0] = place;
  const inputSize: [number, number] = [rows, columns];
  const large = tooLarge(config.mean.length, ...inputSize);
  if (large)
    throw new GhostNetError(
      'ERR_GHOST_IMAGE',
      `The image of ${width} x ${height} pixels makes an input of ${inputSize.join('x')}, which ${large}.`,
    );
  return { inputSize, geometry: { imageSize: [height, width], scale: [down, across], offset: [top, left] } };
}
