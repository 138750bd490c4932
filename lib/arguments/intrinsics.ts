import { isDataView, isSharedArrayBuffer } from 'node:util/types';

/** The engine's own getter of a property: an object may hide it behind a property of its own. */
export function getterOf(prototype: object, name: string): ((this: unknown) => unknown) | undefined {
  return (Object.getOwnPropertyDescriptor(prototype, name) as { get?: (this: unknown) => unknown } | undefined)?.get;
}

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const getBuffer = getterOf(typedArray, 'buffer')!;
const getByteOffset = getterOf(typedArray, 'byteOffset')!;
const getByteLength = getterOf(typedArray, 'byteLength')!;
const getViewedBuffer = getterOf(DataView.prototype, 'buffer')!;
const getViewedOffset = getterOf(DataView.prototype, 'byteOffset')!;
const getViewedLength = getterOf(DataView.prototype, 'byteLength')!;
const getResizable = getterOf(ArrayBuffer.prototype, 'resizable');

interface Place {
  readonly buffer: ArrayBuffer | SharedArrayBuffer;
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** Where a view of any realm lies. Of memory that was transferred away it has 0 bytes. */
export function placeOf(view: ArrayBufferView): Place {
  if (isDataView(view)) return placeOfDataView(view);
  return {
    buffer: getBuffer.call(view) as Place['buffer'],
    byteOffset: getByteOffset.call(view) as number,
    byteLength: getByteLength.call(view) as number,
  };
}

/** Its getters throw once its memory was transferred away. */
function placeOfDataView(view: DataView): Place {
  const buffer = getViewedBuffer.call(view) as Place['buffer'];
  try {
    return {
      buffer,
      byteOffset: getViewedOffset.call(view) as number,
      byteLength: getViewedLength.call(view) as number,
    };
  } catch {
    return { buffer, byteOffset: 0, byteLength: 0 };
  }
}

/**
 * Whether it cannot go or change but by the hand of who has it: memory is not shared with other threads and keeps its
 * size.
 */
export function isOwn({ buffer }: Place): boolean {
  return !isSharedArrayBuffer(buffer) && getResizable?.call(buffer) !== true;
}
