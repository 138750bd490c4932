import { GhostNetError } from '../errors.js';
import type { Shapes } from '../formats/tensor.js';
import { chainIn, type ClassifierLayer } from './classifier-layers.js';

/** What people call the classifier that they put in the place of timm's, the first step of a name. */
const headWords = ['classifier', 'fc', 'head', 'heads', 'last_linear', 'linear', 'logits', 'cls_head', 'output'];

/** `fc1`, `fc2`: several of one word, or one. */
const counted = /_?\d+$/;

/** Where the numbers of a classifier are: its tensors' names, by those that its layers have here (`classifier.2.weight`). */
export type HeadNames = ReadonlyMap<string, string>;

/**
 * The layers that a network's vectors of `features` numbers go through, under whatever name they were put there:
 * `classifier.1`, `fc`, `head.fc`; `head.0` and `head.3`. One alone is `classifier` here, several are `classifier.0`,
 * `classifier.1` and so on, with a number left out where layers without parameters may be. What lies under `classifier` wins
 * over other words; of several there is none.
 *
 * @param shapes by the names that the head has beside the network's own
 * @throws {GhostNetError} ERR_GHOST_ARCHITECTURE for several layers under one word that are not in a row, or of which no
 *   tensor tells how they are
 */
export function headIn(shapes: Shapes, features: number): HeadNames | undefined {
  const words = wordsIn(shapes, (step) => step);
  const found = words.size > 0 ? words : wordsIn(shapes, (step) => step.replace(counted, ''));
  const [[word, own] = []] = found.has('classifier') ? [['classifier', found.get('classifier')!] as const] : [...found];
  if (word === undefined || !own || (found.size > 1 && word !== 'classifier')) return undefined;
  // A pooling that hands over two numbers of each channel doubles them.
  const widths = [features, 2 * features];
  const [weight, ...others] = [...own.keys()].filter((name) => isLinear(own, name)) as [string, ...string[]];
  const bias = weight.replace(/weight$/, 'bias');
  if (others.length === 0 && [...own.keys()].every((name) => name === weight || name === bias)) {
    if (word !== 'classifier' && !widths.includes(own.get(weight)!.shape[1]!)) return undefined;
    return new Map([['classifier.weight', weight], ...(own.has(bias) ? [['classifier.bias', bias] as const] : [])]);
  }
  const chain = chainIn(found === words ? word : '', own, widths);
  if ('layers' in chain) return asOurs(chain.layers, own);
  if (found === words) throw unlikeARow(word, chain.fault);
  return undefined;
}

/** Of each word that has a linear layer the tensors under it. */
function wordsIn(shapes: Shapes, wordOf: (step: string) => string): Map<string, Shapes> {
  const found = new Map<string, Map<string, { readonly shape: readonly number[] }>>();
  for (const [name, tensor] of shapes) {
    const word = wordOf(name.slice(0, Math.max(0, name.indexOf('.'))));
    if (!headWords.includes(word)) continue;
    if (!found.has(word)) found.set(word, new Map());
    found.get(word)!.set(name, tensor);
  }
  return new Map([...found].filter(([, own]) => [...own.keys()].some((name) => isLinear(own, name))));
}

function isLinear(shapes: Shapes, name: string): boolean {
  return name.endsWith('.weight') && shapes.get(name)!.shape.length === 2;
}

function asOurs(layers: readonly ClassifierLayer[], shapes: Shapes): HeadNames {
  const head = new Map<string, string>();
  let number = 0;
  for (const { module, gap } of layers) {
    for (const name of shapes.keys())
      if (name.slice(0, name.lastIndexOf('.')) === module)
        head.set(`classifier.${number}${name.slice(module.length)}`, name);
    number += gap ? 2 : 1;
  }
  return head;
}

function unlikeARow(word: string, fault: string): GhostNetError {
  const message =
    `The checkpoint holds a network whose classifier ${word} ${fault}. Expected one linear layer, or several with ` +
    'BatchNorm1d between in a Sequential. Save it so, or without the classifier (model.classifier = torch.nn.Identity()), and ' +
    'compute the layers from what embed() gives.';
  return new GhostNetError('ERR_GHOST_ARCHITECTURE', message);
}
