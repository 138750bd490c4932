// Prints the GhostNetV2 that the package builds, for test_network.py: `node describe_network.js WIDTH CLASSES`, after
// `npm run build:lib`. JSON: tensors [{name, shape}], and nodes in order of execution, the last of them the logits.
import { layoutOf } from '../../dist/networks/ghostnet/layout.js';

const [width, numClasses] = process.argv.slice(2).map(Number);
const blueprint = layoutOf({ version: 2, width, numClasses });
const tensors = blueprint.tensors();
const zeros = tensors.map(({ name, shape }) => {
  const count = shape.reduce((product, size) => product * size, 1);
  return [name, { shape, data: new Float32Array(count) }];
});
const { nodes } = blueprint.graph(new Map(zeros), ['logits']);

/** Names in place of numbers. */
function described({ parameters, ...node }) {
  if (parameters === undefined) return node;
  const { weightName, bias, batchNorm } = parameters;
  return { ...node, weight: weightName, bias: bias !== undefined, batchNorm: batchNorm?.name ?? null };
}
process.stdout.write(JSON.stringify({ tensors, nodes: nodes.map(described) }));
