import { fieldsOf, packedVarints } from '../lib/formats/protobuf-reader.js';

/** An ONNX file as its bytes say, read by nothing that wrote it. */
export interface OnnxFile {
  readonly irVersion: number;
  readonly opsets: { readonly domain: string; readonly version: number }[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly nodes: OnnxFileNode[];
  readonly constants: ReadonlyMap<
    string,
    { readonly type: number; readonly shape: number[]; readonly content: Buffer }
  >;
  readonly inputs: OnnxFileValue[];
  readonly outputs: OnnxFileValue[];
}

export interface OnnxFileNode {
  readonly op: string;
  readonly name: string;
  readonly inputs: string[];
  readonly outputs: string[];
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface OnnxFileValue {
  readonly name: string;
  readonly type: number;
  readonly shape: (number | string)[];
}

type Values = (number | Buffer)[];

class Fields {
  private readonly values = new Map<number, Values>();

  constructor(bytes: number | Buffer | undefined) {
    for (const { number, value } of fieldsOf(bytes as Buffer, 1_000_000, 'model.onnx'))
      this.values.set(number, [...this.all(number), value]);
  }

  all(field: number): Values {
    return this.values.get(field) ?? [];
  }

  integer(field: number): number {
    return this.all(field)[0] as number;
  }

  text(field: number): string {
    return String(this.all(field)[0] ?? '');
  }

  texts(field: number): string[] {
    return this.all(field).map(String);
  }

  message(field: number): Fields {
    return new Fields(this.all(field)[0]);
  }

  messages(field: number): Fields[] {
    return this.all(field).map((value) => new Fields(value));
  }

  integers(field: number): number[] {
    return this.all(field).flatMap((value) =>
      typeof value === 'number' ? [value] : [...packedVarints(value, 'model.onnx')],
    );
  }
}

export function readOnnx(bytes: Buffer): OnnxFile {
  const model = new Fields(bytes);
  const graph = model.message(7);
  return {
    irVersion: model.integer(1),
    opsets: model.messages(8).map((opset) => ({ domain: opset.text(1), version: opset.integer(2) })),
    metadata: Object.fromEntries(model.messages(14).map((entry) => [entry.text(1), entry.text(2)])),
    nodes: graph.messages(1).map(readNode),
    constants: new Map(
      graph
        .messages(5)
        .map((tensor) => [
          tensor.text(8),
          { type: tensor.integer(2), shape: tensor.integers(1), content: tensor.all(9)[0] as Buffer },
        ]),
    ),
    inputs: graph.messages(11).map(readValue),
    outputs: graph.messages(12).map(readValue),
  };
}

function readNode(node: Fields): OnnxFileNode {
  const attributes = node.messages(5).map((attribute) => [attribute.text(1), attributeOf(attribute)]);
  return {
    op: node.text(4),
    name: node.text(3),
    inputs: node.texts(1),
    outputs: node.texts(2),
    attributes: Object.fromEntries(attributes) as Record<string, unknown>,
  };
}

function attributeOf(attribute: Fields): unknown {
  switch (attribute.integer(20)) {
    case 1:
      return (attribute.all(2)[0] as Buffer).readFloatLE();
    case 2:
      return attribute.integer(3);
    case 3:
      return attribute.text(4);
    case 7:
      return attribute.integers(8);
    default:
      throw new Error(`an attribute of type ${attribute.integer(20)}`);
  }
}

function readValue(value: Fields): OnnxFileValue {
  const type = value.message(2).message(1);
  const shape = type
    .message(2)
    .messages(1)
    .map((dimension) => (dimension.all(2).length > 0 ? dimension.text(2) : dimension.integer(1)));
  return { name: value.text(1), type: type.integer(1), shape };
}

export function floatsOf(content: Buffer): Float32Array {
  return new Float32Array(Uint8Array.from(content).buffer);
}

export function integersOf(content: Buffer): number[] {
  return Array.from(new BigInt64Array(Uint8Array.from(content).buffer), Number);
}
