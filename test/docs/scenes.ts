import sharp from 'sharp';

/** Of every scene. */
export const sceneWidth = 640;
export const sceneHeight = 480;

/** A car seen from above, around a white part of its roof, which is what the detector of the pictures finds. */
interface Car {
  readonly x: number;
  readonly y: number;
  readonly color: string;
  /** Degrees clockwise from upwards. */
  readonly heading: number;
}

function carShape({ x, y, color, heading }: Car): string {
  const wheels = [-1, 1].flatMap((side) =>
    [-26, 20].map((at) => `<rect x="${side * 29 - 4}" y="${at}" width="8" height="16" rx="3" fill="#050505"/>`),
  );
  return `<g transform="translate(${x} ${y}) rotate(${heading})">
    ${wheels.join('')}
    <rect x="-28" y="-43" width="56" height="86" rx="16" fill="${color}"/>
    <path d="M-21 -20 Q0 -30 21 -20 L17 -12 L-17 -12 Z M-19 30 Q0 36 19 30 L16 22 L-16 22 Z" fill="#0b1020"/>
    <rect x="-11" y="-11" width="22" height="22" rx="4" fill="#ffffff"/>
  </g>`;
}

/** A PNG file of what stands in an SVG of the scenes' size. */
function drawn(shapes: string): Promise<Buffer> {
  const size = `width="${sceneWidth}" height="${sceneHeight}"`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" ${size}>${shapes}</svg>`;
  return sharp(Buffer.from(svg)).flatten().removeAlpha().png().toBuffer();
}

/** A road of two lanes between trees. */
function road(cars: readonly Car[]): Promise<Buffer> {
  const trees = [60, 170, 280, 390].flatMap((y, row) =>
    [60, 575].map(
      (x, side) => `<circle cx="${x + 12 * ((row + side) % 3)}" cy="${y}" r="${34 + 5 * (row % 2)}" fill="#14401c"/>`,
    ),
  );
  return drawn(`
    <rect width="640" height="480" fill="#1d5227"/>
    ${trees.join('')}
    <rect x="160" width="320" height="480" fill="#33363b"/>
    <path d="M172 0 V480 M468 0 V480" stroke="#6f7278" stroke-width="4"/>
    <path d="M320 0 V480" stroke="#6f7278" stroke-width="4" stroke-dasharray="30 26"/>
    ${cars.map(carShape).join('')}`);
}

const down = { x: 240, heading: 180 };
const up = { x: 400, heading: 0 };

/** Three cars that stand still. */
export const street = (): Promise<Buffer> =>
  road([
    { ...down, y: 144, color: '#8e1b1b' },
    { ...up, y: 96, color: '#1b3f8e' },
    { ...up, y: 336, color: '#73540f' },
  ]);

export const frameCount = 12;

/** Two cars that meet. */
const traffic = (frame: number): readonly Car[] => [
  { ...down, y: 64 + 32 * frame, color: '#8e1b1b' },
  { ...up, y: 432 - 32 * frame, color: '#1b3f8e' },
];

export const trafficFrame = (frame: number): Promise<Buffer> => road(traffic(frame));

/** The boxes of its cars, wheels and all, in pixels. */
export const trafficBoxes = (frame: number): readonly (readonly [x: number, y: number, w: number, h: number])[] =>
  traffic(frame).map(({ x, y }) => [x - 33, y - 43, 66, 86]);

/** A white road through dark fields, and a yard of the same colour. */
export const fields = (): Promise<Buffer> =>
  drawn(`
    <rect width="640" height="480" fill="#173d1d"/>
    <path d="M0 0 H300 L210 200 L0 150 Z" fill="#2a3a12"/>
    <path d="M640 480 H360 L430 300 L640 330 Z" fill="#12322f"/>
    <path d="M120 480 C160 360 420 330 380 210 C350 120 450 70 520 0" fill="none" stroke="#ffffff" stroke-width="62"/>
    <rect x="70" y="230" width="90" height="70" fill="#ffffff"/>
    <path d="M70 265 H160" stroke="#c9c9c9" stroke-width="3"/>
    ${[
      [250, 90],
      [560, 200],
      [60, 400],
      [300, 440],
      [480, 420],
    ]
      .map(([x, y]) => `<circle cx="${x}" cy="${y}" r="24" fill="#0c2612"/>`)
      .join('')}`);

/** Of each of its pixels whether it is white: a grey PNG of 0 and 1. */
export async function fieldsMask(): Promise<Buffer> {
  const { data, info } = await sharp(await fields())
    .greyscale()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const raw = { width: info.width, height: info.height, channels: 1 as const };
  return sharp(
    data.map((value) => Number(value > 180)),
    { raw },
  )
    .toColourspace('b-w')
    .png()
    .toBuffer();
}
