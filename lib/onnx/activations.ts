import { usualSlope, type Activation, type Conv2dNode } from '../graph/graph.js';
import type { OnnxWriter } from '../graph/onnx-writer.js';

/** What makes a convolution's value, under its name, of value `sums`. */
type WriteActivation = (out: OnnxWriter, sums: string, node: Conv2dNode) => void;

export const activations: Readonly<Record<Activation, WriteActivation>> = {
  none: () => undefined,
  relu: (out, sums, { name }) => out.add('Relu', name, [sums]),
  relu6: (out, sums, { name }) =>
    out.add('Clip', name, [sums, out.floats(`${name}.min`, 0), out.floats(`${name}.max`, 6)]),
  sigmoid: (out, sums, { name }) => out.add('Sigmoid', name, [sums]),
  hard_sigmoid: (out, sums, { name }) =>
    out.add('HardSigmoid', name, [sums], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } }),
  hard_swish: (out, sums, { name }) => out.add('HardSwish', name, [sums]),
  silu: (out, sums, { name }) => {
    out.add('Sigmoid', `${name}.sigmoid`, [sums]);
    out.add('Mul', name, [sums, `${name}.sigmoid`]);
  },
  leaky_relu: (out, sums, { name, slope = usualSlope }) =>
    out.add('LeakyRelu', name, [sums], { alpha: { float: slope } }),
};
