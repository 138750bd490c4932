import type { SegmentedClass, Segmentation } from '../../tasks/segmentation.js';
import type { Parts } from './answer-format.js';
import { csvField, visible } from './escape.js';
import { percent, round } from './print.js';

/** Classes and their shares; a label of each pixel is too much to print. */
export const segmentationParts: Parts<Segmentation> = {
  json: ({ width, height, classes }) => ({ width, height, classes: classes.map(rounded) }),
  csv: {
    head: 'image,index,label,pixels,share',
    rows: (file, { classes }) =>
      classes
        .map(rounded)
        .map(({ index, label, pixels, share }) => [file, index, label, pixels, share].map(csvField).join(',')),
  },
  table: ({ classes }) => {
    const columns = Math.max(...classes.map(({ label }) => visible(label).length));
    return byShare(classes).map(
      ({ label, share }) => `  ${visible(label).padEnd(columns)}  ${percent(share).padStart(7)}`,
    );
  },
  line: ({ classes }) =>
    byShare(classes)
      .map(({ label, share }) => `${label} ${percent(share)}`)
      .join('; '),
};

function byShare(classes: readonly SegmentedClass[]): SegmentedClass[] {
  return [...classes].sort((a, b) => b.pixels - a.pixels);
}

function rounded(one: SegmentedClass): SegmentedClass {
  return { ...one, share: round(one.share, 6) };
}
