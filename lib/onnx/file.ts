import { elementCount } from '../formats/tensor.js';
import { opset, type OnnxConstant, type OnnxGraph, type OnnxNode, type OnnxValue } from './graph.js';
import type { OnnxAttribute } from '../graph/onnx-writer.js';
import { Message } from '../formats/protobuf-writer.js';

/** ONNX's own version of the file's structure, the one that came with the opset. */
const irVersion = 8;

/** Numbers of fields and of types in ONNX's schema (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto). */
const model = { irVersion: 1, producerName: 2, graph: 7, opsetImport: 8, metadata: 14 } as const;
const graphField = { node: 1, name: 2, initializer: 5, input: 11, output: 12 } as const;
const nodeField = { input: 1, output: 2, name: 3, opType: 4, attribute: 5 } as const;
const tensorField = { dims: 1, dataType: 2, name: 8, rawData: 9 } as const;
const dataType = { float32: 1, int64: 7 } as const;
const sizeBytes = { float32: 4, int64: 8 } as const;

/**
 * An ONNX model file, piece by piece: the graph first, then each constant as its numbers are made, so that no more than
 * a part of one is in memory.
 *
 * @param metadata texts by their names, for whoever runs the model
 */
export async function* onnxFile(
  graph: OnnxGraph,
  metadata: Readonly<Record<string, string>> = {},
): AsyncGenerator<Uint8Array> {
  const head = new Message().integer(model.irVersion, irVersion).text(model.producerName, 'ghostnet');
  head.message(model.opsetImport, new Message().text(1, '').integer(2, opset));
  for (const [key, value] of Object.entries(metadata))
    head.message(model.metadata, new Message().text(1, key).text(2, value));

  const structure = new Message().text(graphField.name, 'ghostnet');
  for (const node of graph.nodes) structure.message(graphField.node, nodeMessage(node));
  structure.message(graphField.input, valueMessage(graph.input));
  for (const output of graph.outputs) structure.message(graphField.output, valueMessage(output));

  const constants = graph.constants.map((constant) => ({ constant, start: constantStart(constant) }));
  const graphBytes = constants.reduce(
    (sum, { constant, start }) => sum + start.sizeBytes + contentBytes(constant),
    structure.sizeBytes,
  );
  yield head.head(model.graph, graphBytes).bytes();
  yield structure.bytes();
  for (const { constant, start } of constants) {
    yield start.bytes();
    yield* constant.pieces();
  }
}

/** All of a constant's field in the graph but its numbers, which end it. */
function constantStart(constant: OnnxConstant): Message {
  const tensor = new Message();
  for (const size of constant.shape) tensor.integer(tensorField.dims, size);
  tensor.integer(tensorField.dataType, dataType[constant.type]).text(tensorField.name, constant.name);
  tensor.head(tensorField.rawData, contentBytes(constant));
  return new Message().head(graphField.initializer, tensor.sizeBytes + contentBytes(constant)).raw(tensor);
}

function contentBytes(constant: OnnxConstant): number {
  return elementCount(constant) * sizeBytes[constant.type];
}

function nodeMessage({ op, name, inputs, attributes }: OnnxNode): Message {
  const message = new Message();
  for (const input of inputs) message.text(nodeField.input, input);
  message.text(nodeField.output, name).text(nodeField.name, name).text(nodeField.opType, op);
  for (const [key, value] of Object.entries(attributes))
    message.message(nodeField.attribute, attributeMessage(key, value));
  return message;
}

/** Its type (field 20) says which field has the value. */
function attributeMessage(name: string, value: OnnxAttribute): Message {
  const message = new Message().text(1, name);
  if (typeof value === 'number') return message.integer(3, value).integer(20, 2);
  if (typeof value === 'string') return message.text(4, value).integer(20, 3);
  if ('float' in value) return message.float(2, value.float).integer(20, 1);
  for (const entry of value) message.integer(8, entry);
  return message.integer(20, 7);
}

function valueMessage({ name, shape }: OnnxValue): Message {
  const dimensions = new Message();
  for (const size of shape)
    dimensions.message(1, typeof size === 'number' ? new Message().integer(1, size) : new Message().text(2, size));
  const tensorType = new Message().integer(1, dataType.float32).message(2, dimensions);
  return new Message().text(1, name).message(2, new Message().message(1, tensorType));
}
