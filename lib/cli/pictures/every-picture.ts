import { Option, type Command } from 'commander';
import { isCameraAddress } from '../../camera/address.js';
import { seconds, wholeNumber, wholeNumberOrNone } from '../options.js';
import { untilStopped } from '../stop.js';
import { eachFile } from './each-file.js';
import { eachFrame, type StreamOptions } from './each-frame.js';
import type { Begin } from './work.js';

/** What an argument of {@link everyPicture} may be. */
export const pictureArguments =
  'JPEG, PNG, WebP, AVIF, GIF, TIFF, BMP or PPM (PGM, PBM) files, folders of them, patterns as "photos/*.jpg"; or - for standard input, or http://camera/stream';

/** How a stream is read. */
export const streamOptions = (): Option[] => [
  new Option(
    '--latest',
    'of a stream, take the newest frame and pass over older ones (default, but for a file at standard input)',
  ),
  new Option('--no-latest', 'of a stream, take every frame'),
  new Option('--max-frames <n>', 'of a stream, end after n frames').argParser(wholeNumber),
  new Option(
    '--stall <seconds>',
    'of a stream, how long nothing may come: then a camera is connected to again (default: 10), and standard input ends (default: never)',
  ).argParser(seconds),
  new Option('--retries <n>', 'of a camera, connections in a row that may fail after the first (default: 5)').argParser(
    wholeNumberOrNone,
  ),
  new Option(
    '--interval <seconds>',
    'of an address that gives a single picture, ask again so often (default: once)',
  ).argParser(seconds),
];

export const streamHelp = (command: string): string => `
With - a picture or a stream of JPEG frames (Motion JPEG) is read from standard input, and a line is printed for each. An IP
camera's address is read as well, and taken up again where the connection breaks off:
  rpicam-vid --codec mjpeg -t 0 -n -o - | ghostnet ${command} -
  ghostnet ${command} http://USER:PASSWORD@camera/stream.mjpg
  ghostnet ${command} http://camera/snapshot.jpg --interval 5
Milliseconds are those of decoding, preprocessing and the network. The status is 1 if a picture was bad, or if a camera or the
program before a pipe has ended by itself.
`;

interface Options extends StreamOptions {
  csv?: boolean;
  output?: string;
  mask?: string;
}

/**
 * Works on every picture that a command's arguments name: files, or a stream's frames. What makes no sense together is an
 * error of the command's.
 */
export function everyPicture<Answer>(
  images: readonly string[],
  options: Options,
  command: Command,
  begin: Begin<Answer>,
): Promise<void> {
  const source = streamAmong(images, options, command);
  return untilStopped((signal) =>
    source === undefined ? eachFile(images, begin, signal) : eachFrame(source, options, begin, signal),
  );
}

/** The stream that is to be read; undefined for files. */
function streamAmong(images: readonly string[], options: Options, command: Command): string | undefined {
  const source = images.find((image) => image === '-' || isCameraAddress(image));
  if (source === undefined) {
    const misplaced = streamOptions().find((option) => {
      const value: unknown = command.getOptionValue(option.attributeName());
      return value !== undefined && option.negate === (value === false);
    });
    if (misplaced) command.error(`${misplaced.long!} is for - (standard input) and cameras`);
    return undefined;
  }
  const called = source === '-' ? '- (standard input)' : 'the address of a camera';
  if (images.length > 1) command.error(`${called} must be the only image`);
  if (source === '-' && process.stdin.isTTY)
    command.error('standard input (-) is a terminal; a picture or a stream of JPEG frames should be piped in');
  if (source === '-' && (options.interval ?? options.retries) !== undefined)
    command.error('--interval and --retries are for cameras that are read by their address');
  if (options.csv) command.error('--csv is for files; a stream is printed in lines or as --json');
  if (options.mask !== undefined) command.error('--mask is for files');
  if (options.output !== undefined && options.output !== '-')
    command.error('of a stream, -o is - (a Motion JPEG stream on standard output)');
  return source;
}
