import { describe, expect, it } from 'vitest';
import { classColor } from '../../lib/class-color.js';
import { drawDetections, GhostNetError, LineCounter, Zone, type Detection, type Drawing } from '../../lib/index.js';

const grey = 90;

function blank(width: number, height: number, channels: 1 | 3 | 4 = 3) {
  return { data: new Uint8Array(width * height * channels).fill(grey), width, height, channels };
}

function detection(xmin: number, ymin: number, xmax: number, ymax: number, more: Partial<Detection> = {}): Detection {
  return { index: 0, label: 'cat', score: 0.876, box: { xmin, ymin, xmax, ymax }, ...more };
}

/** [r, g, b, …] */
function pixel({ data, width, channels }: Drawing, x: number, y: number): number[] {
  return [...data.subarray((y * width + x) * channels, (y * width + x + 1) * channels)];
}

/** The picture with a letter for each pixel: '.' what was there before. */
function letters(drawing: Drawing, colors: Readonly<Record<string, readonly number[]>>): string[] {
  return Array.from({ length: drawing.height }, (_, y) =>
    Array.from({ length: drawing.width }, (_, x) => {
      const found = pixel(drawing, x, y).join();
      const letter = Object.keys(colors).find((key) => colors[key]!.join() === found);
      return letter ?? (found === [grey, grey, grey].join() ? '.' : '?');
    }).join(''),
  );
}

describe('drawn detections', () => {
  it('are boxes in their colours, better ones above others; the image stays as it is', () => {
    const image = blank(12, 8);
    const boxes = [detection(1.4, 0.6, 8.2, 5.4), detection(4, 3, 11, 7, { index: 1, score: 0.5 })];
    const drawing = drawDetections(image, boxes, { labels: false });
    expect(letters(drawing, { a: classColor(0), b: classColor(1) })).toEqual([
      '............',
      '.aaaaaaa....',
      '.a.....a....',
      '.a..bbbabbb.',
      '.aaaaaaa..b.',
      '....b.....b.',
      '....bbbbbbb.',
      '............',
    ]);
    expect(image.data.every((byte) => byte === grey)).toBe(true);
    expect(drawing).toMatchObject({ width: 12, height: 8, channels: 3 });
  });

  it('have the colours that are given, and those of their indices beyond them', () => {
    const boxes = [detection(1, 1, 4, 4), detection(6, 1, 9, 4, { index: 1 })];
    const drawing = drawDetections(blank(12, 6), boxes, { labels: false, colors: [[1, 2, 3]] });
    expect([pixel(drawing, 1, 1), pixel(drawing, 6, 1)]).toEqual([[1, 2, 3], [...classColor(1)]]);
    for (const colors of [[[1, 2]], [[1, 2, 300]], 'red', [null]] as never[])
      expect(() => drawDetections(blank(4, 4), [], { colors })).toThrow(/colors should be for each class \[red/);
  });

  it('are cut off at the borders; beyond them nothing is drawn', () => {
    const boxes = [
      detection(-5, 2, 4, 20),
      detection(-9, -9, -1, 30, { index: 1 }),
      detection(12, 0, 14, 3, { index: 1 }),
      detection(-1e300, 1e300, 1e300, 1e301, { index: 1 }),
    ];
    const drawing = drawDetections(blank(12, 6), boxes, { labels: false, lineWidth: 2 });
    expect(letters(drawing, { a: classColor(0) })).toEqual([
      '............',
      '............',
      'aaaa........',
      'aaaa........',
      '..aa........',
      '..aa........',
    ]);
    expect(drawDetections(blank(12, 6), boxes.slice(1)).data).toEqual(blank(12, 6).data);
  });

  it('are a pixel at least, where a box has no area', () => {
    const drawing = drawDetections(blank(3, 3), [detection(1, 1, 1, 1)], { labels: false });
    expect(letters(drawing, { a: classColor(0) })).toEqual(['...', '.a.', '...']);
  });

  it('have lines by the size of the picture', () => {
    const thickness = (width: number, height: number): number => {
      const drawing = drawDetections(blank(width, height), [detection(50, 0, 100, height)], { labels: false });
      let x = 50;
      while (pixel(drawing, x, 20)[0] === classColor(0)[0]) x++;
      return x - 50;
    };
    expect([thickness(200, 100), thickness(640, 480), thickness(1920, 1080)]).toEqual([1, 2, 5]);
  });

  it('have a label above the box, or in it where there is no room', () => {
    const [color, ink] = [classColor(0), [0, 0, 0]];
    const above = letters(drawDetections(blank(80, 60), [detection(5, 30, 70, 50)]), { a: color, x: ink });
    const rowsOfText = above.flatMap((row, y) => (row.includes('x') ? [y] : []));
    expect([rowsOfText.at(0)! > 16, rowsOfText.at(-1)! < 30]).toEqual([true, true]);
    const inside = letters(drawDetections(blank(80, 60), [detection(5, 3, 70, 50)]), { a: color, x: ink });
    expect(inside.slice(0, 3).join('')).not.toMatch(/[ax]/);
    expect(inside.slice(3, 16).join('')).toContain('x');
  });

  it('say label, number and score, as they are asked for', () => {
    const widthOf = (one: Detection & { id?: number }, options = {}): number => {
      const row = letters(drawDetections(blank(200, 60), [one], options), { a: classColor(0) })[18]!;
      return row.lastIndexOf('a') - row.indexOf('a') + 1;
    };
    // 'cat 88%' of 7 letters of 6 pixels, the last without a gap, and two pixels on each side.
    expect(widthOf(detection(5, 30, 15, 50))).toBe(7 * 6 - 1 + 4);
    expect(widthOf({ ...detection(5, 30, 15, 50), id: 12 })).toBe(11 * 6 - 1 + 4);
    expect(widthOf(detection(5, 30, 15, 50), { scores: false })).toBe(3 * 6 - 1 + 4);
    // At the right border it is moved to the left, long ones are cut off.
    expect(widthOf(detection(190, 30, 199, 50))).toBe(7 * 6 - 1 + 4);
    expect(widthOf(detection(190, 30, 199, 50, { label: 'x'.repeat(1e6) }))).toBe(200);
  });

  it('have text with a contrast of 4.5 at least on every class', () => {
    const luminance = (color: readonly number[]): number => {
      const [r, g, b] = color.map((byte) =>
        byte / 255 <= 0.04045 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4,
      );
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
    };
    for (let index = 0; index < 100; index++) {
      const drawing = drawDetections(blank(80, 60), [detection(5, 30, 70, 50, { index })]);
      const rows = letters(drawing, { a: classColor(index), k: [0, 0, 0], w: [255, 255, 255] }).join('');
      const ink = rows.includes('k') ? 0 : 1;
      expect(rows).not.toContain('?');
      const [dark, light] = [luminance(classColor(index)), ink].sort((a, b) => a - b);
      expect((light! + 0.05) / (dark! + 0.05)).toBeGreaterThan(4.5);
    }
  });

  it('are coloured on grey pictures too, and opaque on transparent ones', () => {
    const one = detection(1, 1, 5, 5);
    const onGrey = drawDetections(blank(8, 8, 1), [one], { labels: false });
    expect([onGrey.channels, pixel(onGrey, 0, 0), pixel(onGrey, 1, 1)]).toEqual([
      3,
      [grey, grey, grey],
      [...classColor(0)],
    ]);
    const onRgba = drawDetections(blank(8, 8, 4), [one], { labels: false });
    expect([onRgba.channels, pixel(onRgba, 0, 0)]).toEqual([4, [grey, grey, grey, grey]]);
    expect(pixel(onRgba, 1, 1)).toEqual([...classColor(0), 255]);
  });

  it('have lines with what was counted, and zones, beside them', () => {
    const line = new LineCounter({ from: [10, 50], to: [70, 50] });
    const zone = new Zone([
      [5, 5],
      [60, 5],
      [60, 40],
    ]);
    const drawing = drawDetections(blank(100, 80), [], { lines: [line], zones: [zone] });
    const sign = pixel(drawing, 20, 50);
    expect(sign).not.toEqual([grey, grey, grey]);
    const rows = letters(drawing, { s: sign, k: [0, 0, 0] });
    expect(rows[50]!.slice(10, 70)).toBe('s'.repeat(60));
    expect(rows[58]![40]).toBe('s'); // the arrow, towards what counts as in
    expect(rows[5]!.slice(5, 60)).toBe('s'.repeat(55));
    expect(rows[20]![60]).toBe('s');
    expect(rows.slice(51, 66).join('')).toContain('k');
    const without = drawDetections(blank(100, 80), [], { lines: [{ from: [10, 50], to: [70, 50] }] });
    expect(letters(without, { k: [0, 0, 0] }).join('')).not.toContain('k');
  });

  it('have slanting lines without gaps, of the same thickness, also from far beyond the picture', () => {
    const lines = [{ from: [-1e7, -1e7], to: [1e7, 1e7] }] as const;
    const drawing = drawDetections(blank(40, 40), [], { lines, lineWidth: 3 });
    for (let i = 0; i < 40; i++) expect(pixel(drawing, i, i)).not.toEqual([grey, grey, grey]);
    expect(pixel(drawing, 5, 12)).toEqual([grey, grey, grey]);
  });

  it.each<[string, () => unknown, string, string]>([
    [
      'NaN',
      () => drawDetections(blank(4, 4), [detection(NaN, 0, 1, 1)]),
      'ERR_GHOST_ARGUMENT',
      'box.xmin should be a finite number',
    ],
    [
      'infinity',
      () => drawDetections(blank(4, 4), [detection(0, 0, Infinity, 1)]),
      'ERR_GHOST_ARGUMENT',
      'box.xmax should be a finite',
    ],
    [
      'a wrong order',
      () => drawDetections(blank(4, 4), [detection(0, 3, 1, 1)]),
      'ERR_GHOST_ARGUMENT',
      'ymax should be at least ymin (3)',
    ],
    [
      'no score',
      () => drawDetections(blank(4, 4), [detection(0, 0, 1, 1, { score: NaN })]),
      'ERR_GHOST_ARGUMENT',
      'score should be',
    ],
    ['no list', () => drawDetections(blank(4, 4), {} as never), 'ERR_GHOST_ARGUMENT', 'detections should be an array'],
    ['a file', () => drawDetections('street.jpg' as never, []), 'ERR_GHOST_ARGUMENT', 'should be decoded pixels'],
    ['bytes', () => drawDetections(new Uint8Array(9) as never, []), 'ERR_GHOST_ARGUMENT', 'should be decoded pixels'],
    ['no pixels', () => drawDetections({} as never, []), 'ERR_GHOST_ARGUMENT', 'The image must have data'],
    ['too few pixels', () => drawDetections({ ...blank(4, 4), width: 5 }, []), 'ERR_GHOST_IMAGE', '5 x 4 x 3 = 60'],
    [
      'a line of no width',
      () => drawDetections(blank(4, 4), [], { lineWidth: 0 }),
      'ERR_GHOST_ARGUMENT',
      'lineWidth should be',
    ],
    [
      'an unknown option',
      () => drawDetections(blank(4, 4), [], { label: true } as never),
      'ERR_GHOST_ARGUMENT',
      'Did you mean labels?',
    ],
    [
      'a line of one point',
      () => drawDetections(blank(4, 4), [], { lines: [{ from: [1, 1] } as never] }),
      'ERR_GHOST_ARGUMENT',
      'lines[0].to',
    ],
    [
      'a zone of two',
      () => drawDetections(blank(4, 4), [], { zones: [{ polygon: [[1, 1]] }] }),
      'ERR_GHOST_ARGUMENT',
      'zones[0].polygon should',
    ],
  ])('are refused: %s', (_, call, code, words) => {
    expect(call).toThrow(GhostNetError);
    expect(call).toThrow(expect.objectContaining({ code, message: expect.stringContaining(words) }));
  });
});
