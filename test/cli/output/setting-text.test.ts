import { describe, expect, it } from 'vitest';
import { settingText } from '../../../lib/cli/output/setting-text.js';

describe("a head's setting on a line", () => {
  it.each<[value: Parameters<typeof settingText>[0], text: string]>([
    [true, 'true'],
    ['bilinear', 'bilinear'],
    [0.3, '0.3'],
    [[8, 16, 32], '8, 16, 32'],
    [['stem', 4, 6], 'stem, 4, 6'],
    [
      [
        [
          [10, 13],
          [16.04, 30],
        ],
        [[116, 90]],
      ],
      '10x13, 16x30; 116x90',
    ],
  ])('%j is %s', (value, text) => {
    expect(settingText(value)).toBe(text);
  });
});
