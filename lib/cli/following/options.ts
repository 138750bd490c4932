import { InvalidArgumentError, Option, type Command } from 'commander';
import { isFlat, type Line, type Point, type Polygon } from '../../tracking/geometry.js';
import { positiveNumber, seconds } from '../options.js';

/** What {@link followingOptions} give. */
export interface FollowingFlags {
  track?: boolean;
  line?: Line[];
  zone?: Polygon[];
  /** Seconds. */
  dwell?: number;
  /** Frames a second. */
  frameRate?: number;
}

/** Who is who from one picture to the next, and where they go. */
export const followingOptions = (): Option[] => [
  new Option(
    '--track',
    'number what is found from frame to frame, of a stream or of files in their order; --threshold is then the score of what is surely there (default: as the model says, else 0.5)',
  ),
  new Option(
    '--line <x1,y1,x2,y2>',
    'report who crosses this line, in pixels of the picture: in is to the right of who looks along it; may be given several times',
  ).argParser((value, lines?: Line[]) => [...(lines ?? []), lineOf(value)]),
  new Option(
    '--zone <x1,y1,x2,y2,x3,y3,...>',
    'report who enters and leaves the area with these corners; may be given several times',
  ).argParser((value, zones?: Polygon[]) => [...(zones ?? []), zoneOf(value)]),
  new Option('--dwell <seconds>', 'of --zone, report who stays for so long, too').argParser(seconds),
  new Option(
    '--frame-rate <n>',
    'of a recording and of files, frames a second (default: 30); those of a camera have the time at which they come',
  ).argParser(positiveNumber),
];

/** Whether anybody is to be followed: lines and zones need that. */
export function isFollowing({ track, line, zone }: FollowingFlags): boolean {
  return track === true || line !== undefined || zone !== undefined;
}

/** What makes no sense by itself is an error of the command's. */
export function checkFollowing(flags: FollowingFlags, command: Command): void {
  if (flags.dwell !== undefined && flags.zone === undefined) command.error('--dwell is for --zone');
  if (flags.frameRate !== undefined && !isFollowing(flags))
    command.error('--frame-rate is for --track, --line and --zone');
}

function lineOf(value: string): Line {
  const [from, to, ...more] = points(value) ?? [];
  if (!from || !to || more.length > 0 || (from[0] === to[0] && from[1] === to[1]))
    throw new InvalidArgumentError('Expected two points x1,y1,x2,y2 in pixels, as 0,240,640,240.');
  return { from, to };
}

function zoneOf(value: string): Polygon {
  const corners = points(value);
  if (!corners || corners.length < 3 || isFlat(corners))
    throw new InvalidArgumentError(
      'Expected three corners or more around an area, x1,y1,x2,y2,x3,y3 in pixels, as 0,0,320,0,320,240.',
    );
  return corners;
}

/** Undefined for what are no pairs of numbers. */
function points(value: string): Point[] | undefined {
  const numbers = value.split(',').map((number) => (number.trim() === '' ? NaN : Number(number)));
  if (numbers.length % 2 !== 0 || !numbers.every(Number.isFinite)) return undefined;
  return Array.from({ length: numbers.length / 2 }, (_, i): Point => [numbers[2 * i]!, numbers[2 * i + 1]!]);
}
