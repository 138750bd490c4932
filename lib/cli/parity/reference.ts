import { ZipArchive } from '../../checkpoints/archive.js';
import { GhostNetError } from '../../errors.js';
import { OpenFile } from '../../formats/open-file.js';
import type { Tensor } from '../../formats/tensor.js';
import { readNpy } from './npy.js';

/** What somebody's own PyTorch has computed. */
export interface Reference {
  /** [n, c, h, w] */
  readonly input: Tensor;
  /** [n, classes] */
  readonly logits: Tensor;
}

const names = ['input', 'logits'] as const;
const maxBytes = 2 ** 28;

/**
 * Input and logits of an `.npz` file (numpy.savez, compressed or not) or of a JSON object of nested lists.
 *
 * @throws {GhostNetError} ERR_GHOST_FILE, or ERR_GHOST_CHECKPOINT where the file is empty or too large, or the archive damaged
 */
export async function readReference(path: string): Promise<Reference> {
  const file = await OpenFile.open(path, maxBytes);
  try {
    const head = await file.read(0, Math.min(2, file.sizeBytes));
    const isArchive = head.toString('latin1') === 'PK';
    return checked(isArchive ? await ofArchive(file) : ofJson(await file.read(0, file.sizeBytes), path), path);
  } finally {
    await file.close();
  }
}

function checked({ input, logits }: Reference, path: string): Reference {
  if (input.shape.length !== 4)
    throw wrong(path, `input should be [n, channels, height, width], found [${input.shape.join(', ')}]`);
  if (logits.shape.length !== 2 || logits.shape[0] !== input.shape[0])
    throw wrong(path, `logits should be [${input.shape[0]}, classes], found [${logits.shape.join(', ')}]`);
  return { input, logits };
}

function wrong(path: string, fault: string, cause?: unknown): GhostNetError {
  const message = `${path}: ${fault}. ghostnet check MODEL prints the Python that writes such a file.`;
  return new GhostNetError('ERR_GHOST_FILE', message, { cause });
}

async function ofArchive(file: OpenFile): Promise<Reference> {
  const { path } = file;
  const archive = await ZipArchive.open(file);
  const read = async (name: (typeof names)[number]): Promise<Tensor> => {
    if (!archive.names.includes(`${name}.npy`))
      throw wrong(path, `it should hold the arrays input and logits, found ${archive.names.join(', ') || 'none'}`);
    try {
      return readNpy(await archive.read(`${name}.npy`));
    } catch (cause) {
      throw cause instanceof GhostNetError ? cause : wrong(path, `${name} ${(cause as Error).message}`, cause);
    }
  };
  return { input: await read('input'), logits: await read('logits') };
}

function ofJson(bytes: Buffer, path: string): Reference {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw wrong(path, 'it should be an .npz file or JSON', cause);
  }
  const [input, logits] = names.map((name) => {
    const found = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
    const tensor = ofLists(found);
    if (tensor === undefined) throw wrong(path, `${name} should be lists in lists of numbers, all of one length`);
    return tensor;
  }) as [Tensor, Tensor];
  return { input, logits };
}

/** Undefined where the lists are not alike, or hold anything but numbers. */
function ofLists(value: unknown): Tensor | undefined {
  const shape: number[] = [];
  for (let first = value; Array.isArray(first); first = (first as unknown[])[0]) shape.push(first.length);
  if (shape.length === 0 || shape.length > 4) return undefined;
  let level = value as unknown[];
  for (const size of shape.slice(1)) {
    if (!level.every((list) => Array.isArray(list) && list.length === size)) return undefined;
    level = level.flat();
  }
  return level.every((number) => typeof number === 'number') ? { shape, data: Float32Array.from(level) } : undefined;
}
