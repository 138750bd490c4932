import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Shape } from '../lib/native/native.js';
import { hasReference, referenceFolder } from './reference.js';
import { savedModel } from './saved.js';
import { syntheticTensor } from './synthetic.js';

/** One of heads/index.json or heads2/index.json of the reference. */
export interface HeadCase {
  readonly id: string;
  /** Of these files. */
  readonly folder: string;
  readonly head?: string;
  readonly decoder?: string;
  readonly num_classes: number;
  readonly input: Shape;
  readonly dilations?: readonly number[];
  readonly anchors?: readonly unknown[];
  readonly strides?: readonly number[];
  readonly score_threshold?: number;
  readonly iou_threshold?: number;
  /** Of each image: xmin, ymin, xmax, ymax, score, class. */
  readonly detections?: readonly (readonly (readonly number[])[])[];
  /** The same where a box stands for every class above the threshold. */
  readonly detections_of_all_classes?: readonly (readonly (readonly number[])[])[];
  readonly file: string;
  readonly layout: string;
  readonly results: readonly { readonly name: string; readonly shape: readonly number[]; readonly offset: number }[];
}

/** Of segmentation_models_pytorch. */
const decoders = ['Unet', 'FPN'];

export const headCases: readonly HeadCase[] = hasReference ? headCasesIn(referenceFolder) : [];

export function headCasesIn(reference: string): readonly HeadCase[] {
  return ['heads', 'heads2'].flatMap((name) => {
    const folder = join(reference, name);
    const found = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as Omit<HeadCase, 'folder'>[];
    return found
      .filter(({ decoder }) => decoder === undefined || decoders.includes(decoder))
      .map((each) => ({ ...each, folder }));
  });
}

/**
 * A model of the case's tensors in the layout of the hub: what they do not tell stands in its config.json.
 *
 * @returns its folder, below `folder`
 */
export function savedHead(found: HeadCase, folder: string): string {
  const { folder: from, layout, head, dilations, anchors, strides } = found;
  const shapes = JSON.parse(readFileSync(join(from, layout), 'utf8')) as Record<string, number[]>;
  const tensors = new Map(Object.entries(shapes).map(([name, shape]) => [name, syntheticTensor(name, shape)]));
  const rates = head === 'deeplabv3' ? { atrous_rates: [6, 12, 18] } : {};
  return savedModel(tensors, { ...rates, dilations, anchors, strides }, folder);
}

/** What the reference has of one of the case's results. */
export function expectedOf({ folder, file }: HeadCase, { shape, offset }: HeadCase['results'][number]): Float32Array {
  const bytes = readFileSync(join(folder, file));
  const count = shape.reduce((product, size) => product * size, 1);
  return new Float32Array(bytes.buffer, bytes.byteOffset + offset, count);
}
