import type { Framework } from '../checkpoints/format.js';
import type { TensorDict } from '../checkpoints/tensor-dict.js';
import { GhostNetError } from '../errors.js';
import type { Shapes, StateDict, StoredTensor, Tensor } from '../formats/tensor.js';
import { plain } from '../messages/quoted.js';
import { identifyShapes, type IdentifiedNetwork } from './registry.js';
import { headIn, type HeadNames } from './replaced-head.js';
import { placesIn, timmNames, type Place } from './tensor-names.js';

/** Of a classifier of one layer; timm's has a bias always. */
const classifier = { weight: 'classifier.weight', bias: 'classifier.bias' } as const;

/** A network that a dict of tensors may hold below a prefix. */
export interface Candidate {
  readonly dict: TensorDict;
  /** Where it lies, as errors and `part` name it, fit to be printed: `state_dict.model`; `.` for the file's own top level. */
  readonly part: string;
  readonly network: IdentifiedNetwork | undefined;
  /** Why it is none, where it is none. */
  readonly fault: unknown;
  /** Names in the checkpoint, by timm's. */
  readonly sources: ReadonlyMap<string, string>;
  /** How many of them a network of ours can have by their names. */
  readonly ownCount: number;
  /** Names of tensors beside it that are no network's. */
  readonly leftOut: readonly string[];
}

/** Every network that `dict` may hold, whole or not; one at least. */
export function candidatesIn(dict: TensorDict, framework: Framework, file: string): Candidate[] {
  return placesIn(dict).map((place) => candidateAt(place, dict, framework, file));
}

function candidateAt(
  { prefix, names, below, own }: Place,
  dict: TensorDict,
  framework: Framework,
  file: string,
): Candidate {
  const part = [dict.path, prefix.slice(0, -1)].filter((step) => step !== '').join('.');
  const place = { dict, part: part === '' ? '.' : plain(part), ownCount: own.length };
  let sources = new Map<string, string>();
  try {
    sources = timmNames(below, framework, file);
    const used = timmNames(own, framework, file);
    const head = headBeside(prefix, names, used, dict.shapes);
    const identified = (found: ReadonlyMap<string, string>): IdentifiedNetwork =>
      identifyShapes(shapesOf(dict, found, head), framework);
    const headed = head ? withHead(used, head) : used;
    try {
      const network = identified(headed);
      const fullNames = new Set(headed.values());
      const leftOut = [...names.keys()].filter((fullName) => !fullNames.has(fullName));
      return { ...place, network, fault: undefined, sources: headed, leftOut };
    } catch (fault) {
      // What lies beside it tells which other network it may be.
      if (own.length < below.length) identified(head ? withHead(sources, head) : sources);
      throw fault;
    }
  } catch (fault) {
    return { ...place, network: undefined, fault, sources, leftOut: [] };
  }
}

/** The classifier of a network: in it, or beside it in a module that holds both. */
function headBeside(
  prefix: string,
  names: ReadonlyMap<string, string>,
  sources: ReadonlyMap<string, string>,
  shapes: Shapes,
): HeadNames | undefined {
  const features = shapes.get(sources.get('conv_head.weight') ?? '')?.shape[0];
  if (features === undefined) return undefined;
  const steps = prefix.split('.').slice(0, -1);
  for (let count = steps.length; count >= 0; count--) {
    const around = steps
      .slice(0, count)
      .map((step) => `${step}.`)
      .join('');
    const byOwn = new Map(
      [...names].flatMap(([fullName, name]) =>
        name.startsWith(around) ? [[name.slice(around.length), fullName] as const] : [],
      ),
    );
    const found = headIn(new Map([...byOwn].map(([name, fullName]) => [name, shapes.get(fullName)!])), features);
    if (found) return new Map([...found].map(([own, name]) => [own, byOwn.get(name)!]));
  }
  return undefined;
}

function withHead(sources: ReadonlyMap<string, string>, head: HeadNames): Map<string, string> {
  const used = new Set(head.values());
  return new Map([...[...sources].filter(([, fullName]) => !used.has(fullName)), ...head]);
}

/** A classifier without a bias has one of zeros. */
function shapesOf(dict: TensorDict, sources: ReadonlyMap<string, string>, head: HeadNames | undefined): Shapes {
  const shapes = new Map([...sources].map(([name, fullName]) => [name, dict.shapes.get(fullName)!]));
  if (head?.has(classifier.weight) && !head.has(classifier.bias))
    shapes.set(classifier.bias, { shape: shapes.get(classifier.weight)!.shape.slice(0, 1) });
  return shapes;
}

/** Reads a network's tensors, by timm's names. */
export async function readTensors({ dict, sources }: Candidate): Promise<StateDict> {
  const read = await dict.read(sources.values());
  const tensors = new Map(
    [...sources].map(([name, fullName]): [string, Tensor | StoredTensor] => [name, read.get(fullName)!]),
  );
  const weight = tensors.get(classifier.weight);
  if (weight && !tensors.has(classifier.bias)) {
    const [classes] = weight.shape as readonly [number];
    tensors.set(classifier.bias, { shape: [classes], data: new Float32Array(classes) });
  }
  return tensors;
}

/** What its error is, with where it was looked for. */
export function faultOf({ fault, part }: Candidate): unknown {
  if (!(fault instanceof GhostNetError) || part === '.') return fault;
  const message = `${fault.message} It was looked for at ${part} of the file.`;
  return new GhostNetError(fault.code, message, { cause: fault });
}
