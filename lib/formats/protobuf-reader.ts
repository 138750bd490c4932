import { damaged } from './faults.js';

/** A field of a message: an integer, or the bytes of a text, a message or a fixed-size number. */
export interface Field {
  readonly number: number;
  /** Fewer bytes than the field has, where those of the message end before. */
  readonly value: number | Buffer;
  /** Of the value, where it is bytes. */
  readonly sizeBytes: number;
  /** Where it ends in the message. */
  readonly end: number;
}

/** Says that of a message too few bytes are there to tell where a field ends. */
export class CutOff extends Error {}

/** A varint has 7 bits in each byte, and 64 at most. */
const maxVarintBytes = 10;

/**
 * The fields of a message in protobuf's wire format (https://protobuf.dev/programming-guides/encoding), in their order.
 * It takes knowing the format's schema to make more of them.
 *
 * @param sizeBytes of the message, where `bytes` are only its beginning
 * @throws {GhostNetError} ERR_GHOST_CHECKPOINT where the bytes are no message, or one of more than `maxFields`.
 * @throws {CutOff} where another field may follow behind the bytes
 */
export function* fieldsOf(bytes: Buffer, maxFields: number, file: string, sizeBytes = bytes.length): Generator<Field> {
  const stream = new Stream(bytes, sizeBytes, file);
  for (let count = 1; !stream.atEnd; count++) {
    if (count > maxFields) throw stream.damaged(`a message has more than ${maxFields} fields`);
    const key = stream.varint();
    const number = Math.floor(key / 8);
    if (number === 0) throw stream.damaged('field 0 is none');
    const { value, length } = stream.value(key % 8);
    yield { number, value, sizeBytes: length, end: stream.position };
  }
}

/** The integers of a field that is repeated and was packed. */
export function* packedVarints(bytes: Buffer, file: string): Generator<number> {
  const stream = new Stream(bytes, bytes.length, file);
  while (!stream.atEnd) yield stream.varint();
}

class Stream {
  position = 0;

  constructor(
    private readonly bytes: Buffer,
    private readonly sizeBytes: number,
    private readonly file: string,
  ) {}

  get atEnd(): boolean {
    return this.position === this.sizeBytes;
  }

  damaged(fault: string): Error {
    return damaged(this.file, `in its protobuf, ${fault}`);
  }

  value(wireType: number): { value: number | Buffer; length: number } {
    switch (wireType) {
      case 0:
        return { value: this.varint(), length: 0 };
      case 1:
        return this.take(8);
      case 2:
        return this.take(this.varint());
      case 5:
        return this.take(4);
      default:
        throw this.damaged(`a field has the unknown type ${wireType}`);
    }
  }

  /** Above 2^53 it is rounded, and then larger than anything that a file can count. */
  varint(): number {
    let value = 0;
    for (let index = 0; index < maxVarintBytes; index++) {
      const [byte] = this.take(1).value;
      if (byte === undefined) throw new CutOff();
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return value;
    }
    throw this.damaged(`a number has more than ${maxVarintBytes} bytes`);
  }

  private take(length: number): { value: Buffer; length: number } {
    const start = this.position;
    if (length > this.sizeBytes - start) {
      throw this.damaged(`${length} bytes are expected where ${this.sizeBytes - start} are left`);
    }
    this.position = start + length;
    return { value: this.bytes.subarray(start, this.position), length };
  }
}
