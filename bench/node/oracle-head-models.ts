// Writes models with heads and synthetic weights: those of test/reference/heads, those of head-networks.ts, and those of the
// reference where it is present. Prints [{ name, path, inputSize }].
//   node --import tsx oracle-head-models.ts FOLDER
import { addBackbone } from '../../lib/networks/ghostnet/layout.js';
import { headCases, savedHead } from '../../testing/head-cases.js';
import { savedModel } from '../../testing/saved.js';
import { caseNames, caseOf, saved } from '../../testing/small-heads.js';
import { syntheticTensor } from '../../testing/synthetic.js';
import { headNetwork, headSuffixes } from './head-networks.js';

const [folder] = process.argv.slice(2) as [string];

interface Model {
  readonly name: string;
  readonly path: string;
  readonly inputSize: readonly number[];
}

/** Multiples of 32, as smp's decoders want them. */
const usualSize = [160, 224];

function savedMeasured(suffix: string): Model {
  const variant = { version: 2, width: 1, numClasses: 0 } as const;
  const { blueprint, said } = headNetwork(suffix, (net, stages) => addBackbone(net, variant, stages));
  const name = `ghostnetv2_100${suffix}`;
  const tensors = new Map(
    blueprint.tensors().map(({ name: tensor, shape }) => [tensor, syntheticTensor(tensor, shape)]),
  );
  return { name, path: savedModel(tensors, { atrous_rates: said.atrousRates }, folder), inputSize: usualSize };
}

function savedSmall(name: string): Model {
  const found = caseOf(name);
  const said = found.config?.['input_size'] as readonly number[] | undefined;
  // SSD's last levels are left of large inputs alone.
  const largeEnough = usualSize.map((side, axis) => Math.max(side, found.input[2 + axis]!));
  return { name, path: saved(found, folder), inputSize: said?.slice(1) ?? largeEnough };
}

const models = [
  ...caseNames.map(savedSmall),
  ...headSuffixes.map(savedMeasured),
  ...headCases.map((found): Model => {
    const inputSize = found.input.slice(2);
    return { name: found.id, path: savedHead(found, folder), inputSize };
  }),
];
process.stdout.write(JSON.stringify(models));
