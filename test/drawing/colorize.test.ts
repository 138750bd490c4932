import { describe, expect, it } from 'vitest';
import { classColor } from '../../lib/class-color.js';
import { colorize, GhostNetError, type Segmentation } from '../../lib/index.js';

const segmentation: Segmentation = {
  width: 3,
  height: 2,
  labels: Uint8Array.of(0, 0, 1, 1, 7, 0),
  classes: [
    { index: 0, label: 'sky', color: [10, 20, 30], pixels: 3, share: 0.5 },
    { index: 1, label: 'road', color: [200, 100, 0], pixels: 2, share: 1 / 3 },
  ],
  mask: () => new Uint8Array(6),
};

const image = { data: Uint8Array.from({ length: 18 }, (_, i) => 10 * i), width: 3, height: 2, channels: 3 } as const;

describe('a segmentation as a picture', () => {
  it('has its classes’ colours, and the palette’s for those that it does not name', () => {
    const { data, width, height, channels } = colorize(segmentation);
    expect([width, height, channels]).toEqual([3, 2, 3]);
    const [sky, road] = [
      [10, 20, 30],
      [200, 100, 0],
    ];
    expect([...data]).toEqual([sky, sky, road, road, [...classColor(7)], sky].flat());
  });

  it('lies over the picture, as opaque as is asked', () => {
    const expected = (opacity: number): number[] =>
      [...image.data].map((byte, i) => {
        const index = segmentation.labels[Math.floor(i / 3)]!;
        const color = segmentation.classes[index]?.color ?? classColor(index);
        return Math.round((1 - opacity) * byte + opacity * color[i % 3]!);
      });
    const before = [...image.data];
    for (const opacity of [0, 0.25, 1])
      expect([...colorize(segmentation, { image, opacity }).data]).toEqual(expected(opacity));
    expect([...colorize(segmentation, { image }).data]).toEqual(expected(0.5));
    expect([...image.data]).toEqual(before);
  });

  it('keeps alpha, and colours grey', () => {
    const rgba = colorize(segmentation, {
      image: { data: new Uint8Array(24).fill(77), width: 3, height: 2 },
      opacity: 1,
    });
    expect([rgba.channels, ...rgba.data.subarray(0, 4)]).toEqual([4, 10, 20, 30, 77]);
    const grey = colorize(segmentation, {
      image: { data: new Uint8Array(6).fill(50), width: 3, height: 2 },
      opacity: 0.5,
    });
    expect([grey.channels, ...grey.data.subarray(0, 3)]).toEqual([3, 30, 35, 40]);
  });

  it('may have more classes than a byte', () => {
    const many = { ...segmentation, labels: Uint16Array.of(0, 1, 999, 1000, 65535, 0) };
    expect([...colorize(many).data.subarray(6, 9)]).toEqual([...classColor(999)]);
    expect([...colorize(many).data.subarray(12, 15)]).toEqual([...classColor(65535)]);
  });

  it.each<[string, () => unknown, string]>([
    [
      'another size',
      () => colorize(segmentation, { image: { ...image, width: 2, height: 3 } }),
      "the segmentation's 3 x 2 pixels, found 2 x 3",
    ],
    ['too few labels', () => colorize({ ...segmentation, labels: new Uint8Array(5) }), '3 x 2 = 6, found 5'],
    [
      'labels of floats',
      () => colorize({ ...segmentation, labels: new Float32Array(6) as never }),
      'a Uint8Array or a Uint16Array',
    ],
    [
      'no opacity',
      () => colorize(segmentation, { image, opacity: NaN }),
      'opacity should be a number from 0 to 1, found NaN',
    ],
    [
      'a colour out of range',
      () => colorize({ ...segmentation, classes: [{ ...segmentation.classes[0]!, color: [0, 0, 256] }] }),
      'classes[0].color',
    ],
    ['nothing', () => colorize(null as never), 'should be what segment() gives'],
    ['an unknown option', () => colorize(segmentation, { opactiy: 1 } as never), 'Did you mean opacity?'],
  ])('is refused: %s', (_, call, words) => {
    expect(call).toThrow(GhostNetError);
    expect(call).toThrow(
      expect.objectContaining({ code: 'ERR_GHOST_ARGUMENT', message: expect.stringContaining(words) }),
    );
  });

  it('has as many labels as the engine knows, whatever they say', () => {
    const short = new Uint8Array(5);
    Object.defineProperty(short, 'length', { value: 6 });
    expect(() => colorize({ ...segmentation, labels: short })).toThrow('3 x 2 = 6, found 5');
  });
});
