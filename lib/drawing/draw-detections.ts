import { argumentError, checkFlag, checkWholeNumber, readOptions } from '../arguments/options.js';
import { readArray, readFields } from '../arguments/untyped.js';
import { areClassColors, classColor, expectedClassColors, type ClassColor } from '../class-color.js';
import type { RawImage } from '../pixels/image.js';
import { checkDetections } from '../tasks/check-detections.js';
import type { Box, Detection } from '../tasks/detection.js';
import { checkLine, checkPolygon, type Line, type Point, type Polygon } from '../tracking/geometry.js';
import { Canvas, textSize, type Drawing } from './canvas.js';

export interface DrawOptions {
  /** Of boxes, lines and zones, in pixels. Default: by the picture's size, 2 for 640x480. */
  lineWidth?: number;
  /** Whether boxes have a text: label, number of a tracked object, score in percent. Default true. */
  labels?: boolean;
  /** Whether these have the score. Default true. */
  scores?: boolean;
  /** Of the classes, by their index: a model's `config.colors`. Those that it has not follow from the index. */
  colors?: readonly ClassColor[] | undefined;
  /** Drawn too, with an arrow towards the side that counts as in, and what a `LineCounter` has counted. */
  lines?: readonly DrawnLine[];
  /** Areas to be drawn too, as a `Zone` is one. */
  zones?: readonly { readonly polygon: Polygon }[];
}

/** A line, and how many have crossed it, if that is to be written there: a `LineCounter` is one. */
export interface DrawnLine extends Line {
  readonly in?: number;
  readonly out?: number;
}

/** How much of a picture's mean side a box's line and a pixel of the font take. */
const lineShare = 0.003;
const fontShare = 1 / 360;

const mostLabelLetters = 200;

/** Of lines and zones: no class has it that is seen in daylight. */
const signColor: ClassColor = [255, 214, 0];
const black: ClassColor = [0, 0, 0];
const white: ClassColor = [255, 255, 255];

type Drawn = Detection & { readonly id: number | undefined };

interface Pen {
  readonly canvas: Canvas;
  /** Pixels. */
  readonly lineWidth: number;
  /** Pixels of the picture to one of the font. */
  readonly fontScale: number;
}

/**
 * A picture with what was found on it: a box for each detection in its class's colour, and its label. Needs no sharp and no
 * font of the system. Better ones are drawn above others; what lies beyond the picture is cut off.
 *
 * @param image decoded pixels, which stay as they are
 * @param detections of `detect`, or of `Tracker.update`, which have a number too
 * @returns new pixels, RGB (RGBA if the image is), of the same size
 * @throws GhostNetError `ERR_GHOST_ARGUMENT` for coordinates or scores that are no finite numbers, too; `ERR_GHOST_IMAGE` for
 *   pixels that are not as many as width and height say
 */
export function drawDetections(image: RawImage, detections: readonly Detection[], options: DrawOptions = {}): Drawing {
  const given = readOptions(options, ['lineWidth', 'labels', 'scores', 'colors', 'lines', 'zones']);
  const drawn = checkDetections(detections).reverse();
  const colorOf = checkColors(given.colors);
  const lines = checkLines(given.lines);
  const zones = checkZones(given.zones);
  const withLabels = given.labels === undefined || checkFlag('labels', given.labels);
  const withScores = given.scores === undefined || checkFlag('scores', given.scores);
  const canvas = new Canvas(image);
  const side = (canvas.width + canvas.height) / 2;
  const pen: Pen = {
    canvas,
    lineWidth: checkWholeNumber('lineWidth', given.lineWidth, {
      from: 1,
      to: 1000,
      absent: Math.max(1, Math.round(side * lineShare)),
    }),
    fontScale: Math.max(1, Math.round(side * fontShare)),
  };
  for (const { box, index } of drawn) drawBox(pen, box, colorOf(index));
  for (const polygon of zones) drawZone(pen, polygon);
  if (withLabels) for (const detection of drawn) drawLabel(pen, detection, withScores, colorOf(detection.index));
  for (const line of lines) drawLine(pen, line);
  const { data, width, height, channels } = canvas;
  return { data, width, height, channels };
}

/** The picture's pixels that a box touches; undefined for one beyond its borders. */
function placeOf({ width, height }: Canvas, { xmin, ymin, xmax, ymax }: Box) {
  const [left, top] = [Math.round(xmin), Math.round(ymin)];
  const [right, bottom] = [Math.max(left + 1, Math.round(xmax)), Math.max(top + 1, Math.round(ymax))];
  return right <= 0 || bottom <= 0 || left >= width || top >= height ? undefined : { left, top, right, bottom };
}

function drawBox({ canvas, lineWidth }: Pen, box: Box, color: ClassColor): void {
  const place = placeOf(canvas, box);
  if (!place) return;
  const { left, top, right, bottom } = place;
  canvas.fill(left, top, right, Math.min(top + lineWidth, bottom), color);
  canvas.fill(left, Math.max(bottom - lineWidth, top), right, bottom, color);
  canvas.fill(left, top, Math.min(left + lineWidth, right), bottom, color);
  canvas.fill(Math.max(right - lineWidth, left), top, right, bottom, color);
}

/** Above its box, or in it where there is no room. */
function drawLabel(pen: Pen, { label, score, box, id }: Drawn, withScore: boolean, color: ClassColor): void {
  const place = placeOf(pen.canvas, box);
  if (!place) return;
  const words = [label.slice(0, mostLabelLetters), id === undefined ? '' : `#${id}`, withScore ? percent(score) : ''];
  const text = words.filter((word) => word !== '').join(' ');
  const height = textSize(text, pen.fontScale).height + pen.fontScale;
  const top = place.top >= height ? place.top - height : Math.max(0, place.top);
  writeSign(pen, text, place.left, top, color);
}

function percent(score: number): string {
  return `${Math.round(100 * score)}%`;
}

/** Text on a ground of `color`, moved into the picture where it would leave it to the right or left. */
function writeSign({ canvas, fontScale }: Pen, text: string, left: number, top: number, color: ClassColor): void {
  if (text === '') return;
  const { width, height } = textSize(text, fontScale);
  const signWidth = width + 4 * fontScale;
  const x = Math.max(0, Math.min(left, canvas.width - signWidth));
  canvas.fill(x, top, x + signWidth, top + height + fontScale, color);
  canvas.text(text, x + 2 * fontScale, top, fontScale, inkOn(color));
}

/** Black or white, whichever has more contrast (WCAG 2.2: relative luminance). */
function inkOn(color: ClassColor): ClassColor {
  const [red = 0, green = 0, blue = 0] = color.map((byte) => {
    const share = byte / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return (luminance + 0.05) ** 2 > 1.05 * 0.05 ? black : white;
}

function drawZone({ canvas, lineWidth }: Pen, polygon: Polygon): void {
  for (const [i, [x, y]] of polygon.entries()) {
    const [fromX, fromY] = polygon.at(i - 1)!;
    canvas.line(fromX, fromY, x, y, lineWidth, signColor);
  }
}

function drawLine(pen: Pen, { from, to, in: entered, out: left }: DrawnLine): void {
  const { canvas, lineWidth, fontScale } = pen;
  canvas.line(...from, ...to, lineWidth, signColor);
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  const [alongX, alongY] = [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
  const middle: Point = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
  const reach = 4 * lineWidth;
  const [tipX, tipY] = [middle[0] - alongY * 2 * reach, middle[1] + alongX * 2 * reach];
  canvas.line(...middle, tipX, tipY, lineWidth, signColor);
  for (const side of [-reach, reach]) {
    const [x, y] = [tipX + alongY * reach + alongX * side, tipY - alongX * reach + alongY * side];
    canvas.line(tipX, tipY, x, y, lineWidth, signColor);
  }
  if (entered === undefined && left === undefined) return;
  const [x, y] = [Math.round(from[0]) + fontScale, Math.round(from[1]) + fontScale];
  writeSign(pen, `in ${entered ?? 0} out ${left ?? 0}`, x, y, signColor);
}

function checkColors(value: unknown): (index: number) => ClassColor {
  if (value === undefined) return classColor;
  const colors = readArray(value, mostColors, 'colors')?.map((color, i) => readArray(color, 3, `colors[${i}]`));
  if (!areClassColors(colors)) throw argumentError(`colors should be ${expectedClassColors}`, value);
  return (index) => colors[index] ?? classColor(index);
}

const mostColors = 100_000;
const mostSigns = 1000;

function checkLines(value: unknown): DrawnLine[] {
  if (value === undefined) return [];
  const lines = readArray(value, mostSigns, 'lines');
  if (!lines) throw argumentError(`lines should be an array of at most ${mostSigns}`, value);
  return lines.map((line, i) => {
    const name = `lines[${i}]`;
    const ends = checkLine(line, name);
    const { in: entered, out: left } = readFields(line as object, ['in', 'out'], name);
    const counts = {
      ...(entered !== undefined && { in: checkWholeNumber(`${name}.in`, entered, { from: 0 }) }),
      ...(left !== undefined && { out: checkWholeNumber(`${name}.out`, left, { from: 0 }) }),
    };
    return { ...ends, ...counts };
  });
}

function checkZones(value: unknown): Polygon[] {
  if (value === undefined) return [];
  const zones = readArray(value, mostSigns, 'zones');
  if (!zones) throw argumentError(`zones should be an array of at most ${mostSigns}`, value);
  return zones.map((zone, i) => {
    const name = `zones[${i}]`;
    if (typeof zone !== 'object' || zone === null) throw argumentError(`${name} should be { polygon }`, zone);
    return checkPolygon(readFields(zone, ['polygon'], name).polygon, `${name}.polygon`);
  });
}
