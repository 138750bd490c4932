import { GhostNetError } from '../errors.js';
import type { Shapes } from '../formats/tensor.js';
import { plain, shapeText } from '../messages/quoted.js';

/** What people call the classifier that they put in the place of timm's, the first step of a name. */
const headWords = ['classifier', 'fc', 'head', 'heads', 'last_linear', 'linear', 'logits', 'cls_head', 'output'];

/** Where the numbers of a classifier of one linear layer are. */
export interface Head {
  readonly weight: string;
  /** Absent for a layer without. */
  readonly bias?: string;
}

/**
 * The one linear layer that a network's vectors of `features` numbers go into, under whatever name it was put there:
 * `classifier.1`, `fc`, `head.fc`. What lies under `classifier` wins over other words; of several there is none.
 *
 * @param shapes by the names that the head has beside the network's own
 * @throws {GhostNetError} ERR_GHOST_ARCHITECTURE for several layers in a row under one word, since no tensor tells what is between them
 */
export function headIn(shapes: Shapes, features: number | undefined): Head | undefined {
  const tensors = new Map(headWords.map((word): [string, string[]] => [word, []]));
  for (const name of shapes.keys()) tensors.get(name.slice(0, Math.max(0, name.indexOf('.'))))?.push(name);
  const used = [...tensors].filter(([, names]) => names.some((name) => isLinear(shapes, name)));
  const found = used.some(([word]) => word === 'classifier') ? used.slice(0, 1) : used;
  if (found.length !== 1) return undefined;
  const [word, names] = found[0]!;
  const layers = names.filter((name) => isLinear(shapes, name));
  const [weight] = layers as [string];
  const bias = weight.replace(/weight$/, 'bias');
  if (names.some((name) => name !== weight && name !== bias)) throw severalLayers(word, shapes, layers);
  if (word !== 'classifier' && shapes.get(weight)!.shape[1] !== features) return undefined;
  return { weight, ...(shapes.has(bias) && { bias }) };
}

function isLinear(shapes: Shapes, name: string): boolean {
  return name.endsWith('.weight') && shapes.get(name)!.shape.length === 2;
}

function severalLayers(word: string, shapes: Shapes, layers: readonly string[]): GhostNetError {
  const named = layers.slice(0, 4).map((name) => `${plain(name)} ${shapeText(shapes.get(name)!.shape)}`);
  const message =
    `The checkpoint holds a network whose classifier ${word} has several layers (linear: ${named.join(', ')}), and no tensor tells ` +
    'what is between them. Expected one linear layer. Save it with one, or without the classifier (model.classifier = ' +
    'torch.nn.Identity()), and compute the layers from what embed() gives.';
  return new GhostNetError('ERR_GHOST_ARCHITECTURE', message);
}
