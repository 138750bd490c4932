import type { Classification } from '../../tasks/classification.js';
import type { Parts } from './answer-format.js';
import { csvField, visible } from './escape.js';
import { inFigures, rounded } from './print.js';

/** @param areProbabilities and not the logits themselves */
export function classificationParts(areProbabilities: boolean): Parts<readonly Classification[]> {
  return {
    json: (top) => ({ top: top.map(rounded) }),
    csv: {
      head: 'image,rank,index,label,probability',
      rows: (file, top) =>
        top
          .map(rounded)
          .map(({ index, label, probability }, i) => [file, i + 1, index, label, probability].map(csvField).join(',')),
    },
    table: (top) => {
      const width = Math.max(...top.map(({ label }) => visible(label).length));
      return top.map((one) => `  ${visible(one.label).padEnd(width)}  ${inFigures(one, areProbabilities).padStart(6)}`);
    },
    line: (top) => top.map((one) => `${one.label} ${inFigures(one, areProbabilities)}`).join('; '),
  };
}
