import type { ClassifierConfig } from '../classifier-config.js';
import type { Blueprint } from '../graph/blueprint.js';
import type { NodeId } from '../graph/graph.js';
import type { Shapes } from '../formats/tensor.js';
import { activatedLayers, chainIn, type ClassifierLayer } from './classifier-layers.js';

/** How a network's last map becomes its logits. */
export interface ClassifierParts extends Partial<ClassifierConfig> {
  /** 0: it was saved without its classifier. */
  readonly numClasses: number;
  /** Absent for a classifier of one linear layer. */
  readonly classifierLayers?: readonly ClassifierLayer[];
}

/** What the tensors tell of it. */
export function classifierIn(tensors: Shapes): ClassifierParts {
  const layers = layersOf(tensors);
  const last = tensors.get('classifier.weight')?.shape[0];
  return {
    numClasses: last ?? layers?.at(-1)?.outputs ?? 0,
    ...(last === undefined && layers && { classifierLayers: layers }),
    ...(isPooledTwice(tensors) && { globalPool: 'catavgmax' as const }),
  };
}

function layersOf(tensors: Shapes): readonly ClassifierLayer[] | undefined {
  const own = new Map([...tensors].filter(([name]) => /^classifier\.\d/.test(name)));
  const first = tensors.get('classifier.0.weight')?.shape.at(-1);
  if (first === undefined) return undefined;
  const chain = chainIn('classifier', own, [first]);
  return 'layers' in chain ? chain.layers : undefined;
}

/** Whether the layer behind the pooling reads two numbers of each channel of the last map. */
function isPooledTwice(tensors: Shapes): boolean {
  const sizeOf = (name: string, axis: number): number | undefined => tensors.get(name)?.shape.at(axis);
  const last = [...tensors.keys()].filter((name) => /^blocks\.\d+\.0\.conv\.weight$/.test(name)).at(-1);
  // A MobileNetV2 has its last convolution before the pooling.
  const [channels, read] =
    last === undefined
      ? [sizeOf('conv_head.weight', 0), sizeOf('classifier.weight', 1) ?? sizeOf('classifier.0.weight', -1)]
      : [sizeOf(last, 0), sizeOf('conv_head.weight', 1)];
  return channels !== undefined && read === 2 * channels;
}

/** The pooled map, [n, c, 1, 1]. */
export function addGlobalPool(net: Blueprint, input: NodeId, pool: ClassifierConfig['globalPool'] = 'avg'): NodeId {
  const name = 'global_pool';
  switch (pool) {
    case 'avg':
      return net.add({ op: 'global_avg_pool', name, inputs: [input] });
    case 'max':
      return net.add({ op: 'global_max_pool', name, inputs: [input] });
    case 'avgmax':
      return net.add({ op: 'global_avgmax_pool', name, inputs: [input] });
    case 'catavgmax': {
      const mean = net.add({ op: 'global_avg_pool', name: `${name}.mean`, inputs: [input] });
      const largest = net.add({ op: 'global_max_pool', name: `${name}.largest`, inputs: [input] });
      return net.add({ op: 'concat', name, inputs: [mean, largest], channels: 2 * net.channelsOf(input) });
    }
  }
}

/** What makes `logits` of a vector; nothing in a network that was saved without it, as timm's of num_classes 0 are. */
export function addClassifier(net: Blueprint, input: NodeId, parts: ClassifierParts): void {
  const { numClasses, classifierLayers } = parts;
  if (numClasses === 0) return;
  const logits = classifierLayers
    ? addLayers(net, input, classifierLayers, parts.classifierActivation)
    : net.conv(input, 'classifier', numClasses, { bias: true, linear: true });
  net.output('logits', logits, { role: 'logits' });
}

/** A norm right behind a linear layer is folded into it. */
function addLayers(
  net: Blueprint,
  input: NodeId,
  layers: readonly ClassifierLayer[],
  said: ClassifierConfig['classifierActivation'] = 'none',
): NodeId {
  const activated = activatedLayers(layers);
  const after = (layer: ClassifierLayer): ClassifierConfig['classifierActivation'] =>
    activated.has(layer) ? said : 'none';
  let x = input;
  for (let i = 0; i < layers.length; i++) {
    const layer = layers[i]!;
    const { kind, module, outputs } = layer;
    const next = layers[i + 1];
    if (kind === 'norm') {
      const norm = { depthwise: true, branches: [{ batchNorm: module }], activation: after(layer) };
      x = net.conv(x, module, outputs, norm);
    } else if (next?.kind === 'norm' && after(layer) === 'none') {
      x = net.conv(x, module, outputs, { linear: true, batchNorm: next.module, activation: after(next) });
      i++;
    } else x = net.conv(x, module, outputs, { linear: true, activation: after(layer) });
  }
  return x;
}

/** `classifier of 16, relu, norm, 5`; undefined for one linear layer. */
export function classifierWords({
  classifierLayers,
  classifierActivation = 'none',
}: ClassifierParts): string | undefined {
  if (!classifierLayers) return undefined;
  const activated = activatedLayers(classifierLayers);
  const steps = classifierLayers.flatMap((layer) => [
    layer.kind === 'norm' ? 'norm' : `linear to ${layer.outputs}`,
    ...(activated.has(layer) && classifierActivation !== 'none' ? [classifierActivation] : []),
  ]);
  return `classifier: ${steps.join(', ')}`;
}
