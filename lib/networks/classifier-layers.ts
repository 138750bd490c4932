import type { Shapes } from '../formats/tensor.js';
import { plain } from '../messages/quoted.js';

/** A layer with parameters of a classifier. */
export interface ClassifierLayer {
  readonly kind: 'linear' | 'norm';
  /** Its module's name: `classifier.3`. */
  readonly module: string;
  readonly inputs: number;
  readonly outputs: number;
  /** Whether layers without parameters may lie between it and the next one: what numbers leave out, or names do not tell. */
  readonly gap: boolean;
}

/** Layers in a row, or why they are none: continues "whose classifier ". */
export type Chain = { readonly layers: readonly ClassifierLayer[] } | { readonly fault: string };

type Layer = Omit<ClassifierLayer, 'gap'>;

/** Of BatchNorm1d. */
const normParts = ['weight', 'bias', 'running_mean', 'running_var'];

/** More than any classifier has: every order of them is tried. */
const mostNamed = 8;

/** In a message. */
const mostTold = 4;

/**
 * The layers under `word`, in the order of execution: of a `Sequential` that of the numbers in their names; of named ones
 * the only one in which their sizes fit each other.
 *
 * @param shapes of the tensors under `word`
 * @param widths that the first may read
 */
export function chainIn(word: string, shapes: Shapes, widths: readonly number[]): Chain {
  const found = layersIn(shapes);
  if ('fault' in found) return found;
  const { layers } = found;
  const isNumbered = layers.every(({ module }) => /^(?:\.\d+)+$/.test(module.slice(word.length)));
  if (!isNumbered && layers.length > mostNamed) return { fault: `has ${layers.length} layers without numbers` };
  if (!isNumbered && layers.some(({ kind }) => kind === 'norm'))
    return { fault: 'has a norm among named layers, and no tensor tells on which side of it activations are' };
  const orders = isNumbered ? fitting([layers.sort(byNumbers)], widths) : fitting(permutations(layers, widths), widths);
  if (orders.length === 1)
    return { layers: orders[0]!.map((layer, i, all) => ({ ...layer, gap: hasGap(layer, all[i + 1], isNumbered) })) };
  const told = layers
    .slice(0, mostTold)
    .map(({ module, kind, inputs, outputs }) =>
      kind === 'norm' ? `${plain(module)} norm of ${outputs}` : `${plain(module)} ${inputs} to ${outputs}`,
    );
  const reason =
    orders.length === 0
      ? `do not fit each other from ${widths[0]} features on`
      : 'fit each other in several orders, which no tensor tells apart';
  return { fault: `has several layers that ${reason} (${told.join(', ')})` };
}

function layersIn(shapes: Shapes): { readonly layers: Layer[] } | { readonly fault: string } {
  const modules = new Map<string, Map<string, readonly number[]>>();
  for (const [name, { shape }] of shapes) {
    const dot = name.lastIndexOf('.');
    const module = name.slice(0, dot);
    if (!modules.has(module)) modules.set(module, new Map());
    modules.get(module)!.set(name.slice(dot + 1), shape);
  }
  const layers: Layer[] = [];
  for (const [module, parts] of modules) {
    const layer = layerOf(module, parts);
    if (!layer)
      return {
        fault: `has a layer ${plain(module)} (${[...parts.keys()].slice(0, mostTold).map(plain).join(', ')}) that is neither Linear nor BatchNorm1d`,
      };
    layers.push(layer);
  }
  return { layers };
}

function layerOf(module: string, parts: ReadonlyMap<string, readonly number[]>): Layer | undefined {
  const weight = parts.get('weight') ?? [];
  const [outputs = 0, inputs = outputs] = weight;
  const isVector = (part: string): boolean => {
    const shape = parts.get(part);
    return shape?.length === 1 && shape[0] === outputs;
  };
  if (
    weight.length === 2 &&
    [...parts.keys()].every((part) => part === 'weight' || (part === 'bias' && isVector(part)))
  )
    return { kind: 'linear', module, inputs, outputs };
  if (parts.size === normParts.length && normParts.every(isVector)) return { kind: 'norm', module, inputs, outputs };
  return undefined;
}

function numbersOf(module: string): number[] {
  return module.split('.').slice(1).map(Number);
}

function byNumbers(a: Layer, b: Layer): number {
  const [left, right] = [numbersOf(a.module), numbersOf(b.module)];
  const step = left.findIndex((number, i) => number !== right[i]);
  return (left[step] ?? 0) - (right[step] ?? 0);
}

/** Between neighbours of one `Sequential` nothing else is. */
function hasGap(layer: Layer, next: Layer | undefined, isNumbered: boolean): boolean {
  if (!next) return false;
  const [left, right] = [numbersOf(layer.module), numbersOf(next.module)];
  const areNeighbours =
    left.length === right.length &&
    left.every((number, i) => right[i] === (i === left.length - 1 ? number + 1 : number));
  return !isNumbered || !areNeighbours;
}

/** Of orders those in which each layer reads as many numbers as the one before it gives. */
function fitting(orders: readonly (readonly Layer[])[], widths: readonly number[]): (readonly Layer[])[] {
  return orders.filter(
    (order) =>
      widths.includes(order[0]?.inputs ?? 0) &&
      order.every(({ inputs }, i) => i === 0 || inputs === order[i - 1]!.outputs),
  );
}

/** Orders of layers that fit each other, as far as two, which are too many. */
function permutations(layers: readonly Layer[], widths: readonly number[]): Layer[][] {
  const orders: Layer[][] = [];
  const extend = (order: readonly Layer[], left: readonly Layer[]): void => {
    if (left.length === 0) orders.push([...order]);
    for (const next of left) {
      if (orders.length > 1) return;
      const fits = order.length === 0 ? widths.includes(next.inputs) : order.at(-1)!.outputs === next.inputs;
      if (fits)
        extend(
          [...order, next],
          left.filter((layer) => layer !== next),
        );
    }
  };
  extend([], layers);
  return orders;
}

/**
 * After which layers an activation stands: in the first gap behind each linear layer. Where only the last layer is linear, in
 * the first gap behind the norms before it.
 */
export function activatedLayers(layers: readonly ClassifierLayer[]): ReadonlySet<ClassifierLayer> {
  const activated = new Set<ClassifierLayer>();
  let isOpen = layers.filter(({ kind }) => kind === 'linear').length === 1;
  for (const layer of layers) {
    if (layer.kind === 'linear') isOpen = true;
    if (!isOpen || !layer.gap) continue;
    activated.add(layer);
    isOpen = false;
  }
  return activated;
}
