/**
 * A message in protobuf's wire format (https://protobuf.dev/programming-guides/encoding), field after field. Sizes are
 * known before anything is put together, so that a large field's bytes can follow from elsewhere.
 */
export class Message {
  private readonly parts: Uint8Array[] = [];
  private size = 0;

  get sizeBytes(): number {
    return this.size;
  }

  /** A whole number from 0 to 2^53. */
  integer(field: number, value: number): this {
    return this.key(field, 0).append(varint(value));
  }

  float(field: number, value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(value);
    return this.key(field, 5).append(bytes);
  }

  text(field: number, value: string): this {
    const bytes = Buffer.from(value);
    return this.head(field, bytes.length).append(bytes);
  }

  message(field: number, value: Message): this {
    return this.head(field, value.size).raw(value);
  }

  /** Of a field of `sizeBytes` whose bytes the caller writes after this message's. */
  head(field: number, sizeBytes: number): this {
    return this.key(field, 2).append(varint(sizeBytes));
  }

  /** The fields of `other`, as fields of this one. */
  raw(other: Message): this {
    this.size += other.size;
    this.parts.push(...other.parts);
    return this;
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.parts, this.size);
  }

  private key(field: number, wireType: number): this {
    return this.append(varint(field * 8 + wireType));
  }

  private append(bytes: Uint8Array): this {
    this.parts.push(bytes);
    this.size += bytes.length;
    return this;
  }
}

/** Seven bits in each byte, the lowest first. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) + 0x80);
  return Uint8Array.from([...bytes, value]);
}
