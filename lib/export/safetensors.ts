import { notFinite } from '../formats/finite.js';
import { floatSizeBytes, halfBytes, littleEndianBytes } from '../formats/floats.js';
import {
  elementCount,
  elementsOf,
  pieceElements,
  type StateDict,
  type StoredTensor,
  type Tensor,
} from '../formats/tensor.js';
import { GhostNetError } from '../errors.js';

/** The header's length is a multiple of it, so that the elements lie aligned. */
const alignmentBytes = 8;

const largestHalf = 65504;

/**
 * A file in the safetensors format, piece by piece, of the tensors in their order.
 *
 * @param type of the elements; `F16` rounds each once
 * @throws {GhostNetError} ERR_GHOST_CHECKPOINT for a value that is NaN or infinite, ERR_GHOST_PRECISION for one that a
 *   half cannot hold
 */
export async function* safetensorsFile(tensors: StateDict, type: 'F32' | 'F16'): AsyncGenerator<Uint8Array> {
  yield header(tensors, type);
  for (const [name, tensor] of tensors) {
    for await (const { elements, first } of piecesOf(tensor)) {
      checkElements(elements, first, name, type);
      yield type === 'F16' ? halfBytes(elements) : littleEndianBytes(elements);
    }
  }
}

function header(tensors: StateDict, type: 'F32' | 'F16'): Uint8Array {
  let offset = 0;
  const entries = [...tensors].map(([name, tensor]) => {
    const offsets = [offset, (offset += elementCount(tensor) * floatSizeBytes[type])];
    return [name, { dtype: type, shape: tensor.shape, data_offsets: offsets }];
  });
  // Readers in Python ask for the framework.
  const json = Buffer.from(
    JSON.stringify({ __metadata__: { format: 'pt' }, ...(Object.fromEntries(entries) as object) }),
  );
  const lengthBytes = Math.ceil(json.length / alignmentBytes) * alignmentBytes;
  const bytes = Buffer.alloc(8 + lengthBytes, ' ');
  bytes.writeBigUInt64LE(BigInt(lengthBytes));
  json.copy(bytes, 8);
  return bytes;
}

async function* piecesOf(tensor: Tensor | StoredTensor): AsyncGenerator<{ elements: Float32Array; first: number }> {
  const count = elementCount(tensor);
  for (let first = 0; first < count; first += pieceElements) {
    yield { elements: await elementsOf(tensor, first, Math.min(pieceElements, count - first)), first };
  }
}

function checkElements(elements: Float32Array, first: number, name: string, type: 'F32' | 'F16'): void {
  const limit = type === 'F16' ? largestHalf : Number.MAX_VALUE;
  const index = elements.findIndex((value) => !(Math.abs(value) <= limit));
  if (index < 0) return;
  const value = elements[index]!;
  if (!Number.isFinite(value)) throw notFinite(name, value, first + index);
  const message = `${name} holds ${value} at index ${first + index}, and half precision ends at ${largestHalf}. Export in float32.`;
  throw new GhostNetError('ERR_GHOST_PRECISION', message);
}
