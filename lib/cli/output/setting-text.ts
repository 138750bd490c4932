import type { Anchor, HeadConfig, HeadSetting } from '../../head-config.js';

/** `8, 16, 32`; of lists in lists `10x13, 16x30; 30x61, 62x45`, to a tenth of a pixel. */
export function settingText(value: HeadConfig[HeadSetting]): string {
  if (!Array.isArray(value)) return String(value);
  const levels = value as readonly (number | string | readonly Anchor[])[];
  const isNested = levels.some((level) => typeof level === 'object');
  return levels
    .map((level) => (typeof level === 'object' ? level.map(anchorText).join(', ') : level))
    .join(isNested ? '; ' : ', ');
}

function anchorText(anchor: Anchor): string {
  return anchor.map((side) => Number(side.toFixed(1))).join('x');
}
