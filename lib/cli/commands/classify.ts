import { Command, Option } from 'commander';
import { classActivations } from '../../class-activation.js';
import { isCameraAddress } from '../../camera/address.js';
import { classifyFiles, type FilesOptions } from '../pictures/classify-files.js';
import { classifyStream, type StreamOptions } from '../pictures/classify-stream.js';
import {
  jsonOption,
  modelOptions,
  pictureOptions,
  seconds,
  topOption,
  wholeNumber,
  wholeNumberOrNone,
  withOptions,
} from '../options.js';
import { labelsOption, number, preprocessOptions } from '../preprocess-options.js';

const cameraHelp = `
With - a picture or a stream of JPEG frames (Motion JPEG) is read from standard input, and a line is printed for each. An IP
camera's address is read as well, and taken up again where the connection breaks off:
  rpicam-vid --codec mjpeg -t 0 -n -o - | ghostnet classify -
  ghostnet classify http://USER:PASSWORD@camera/stream.mjpg
  ghostnet classify http://camera/snapshot.jpg --interval 5
Milliseconds are those of decoding, preprocessing and the network. The status is 1 if a picture was bad, or if a camera or the
program before a pipe has ended by itself.
`;

/** They make sense where pictures go on coming. */
const streamOptions = ['latest', 'maxFrames', 'stall', 'interval', 'retries'];

export function classifyCommand(): Command {
  return withOptions(
    new Command('classify')
      .description('Prints the most probable classes of each image.')
      .argument(
        '<image...>',
        'JPEG, PNG, WebP, AVIF, GIF, TIFF, BMP or PPM (PGM, PBM) files, folders of them, patterns as "photos/*.jpg"; or - for standard input, or http://camera/stream',
      )
      .addOption(topOption())
      .addOption(
        new Option(
          '--activation <name>',
          'what logits become: a softmax over all classes, or a sigmoid of each, for several labels a picture (default: what config.json says, or softmax; of one class sigmoid)',
        ).choices(classActivations),
      )
      .option('--threshold <number>', 'print the classes that are at least so probable', number)
      .addOption(jsonOption())
      .addOption(
        new Option(
          '--csv',
          'print CSV, a row for each image and class: image, rank, index, label, probability',
        ).conflicts('json'),
      )
      .option(
        '--latest',
        'of a stream, take the newest frame and pass over older ones (default, but for a file at standard input)',
      )
      .option('--no-latest', 'of a stream, take every frame')
      .option('--max-frames <n>', 'of a stream, end after n frames', wholeNumber)
      .option(
        '--stall <seconds>',
        'of a stream, how long nothing may come: then a camera is connected to again (default: 10), and standard input ends (default: never)',
        seconds,
      )
      .option(
        '--retries <n>',
        'of a camera, connections in a row that may fail after the first (default: 5)',
        wholeNumberOrNone,
      )
      .option(
        '--interval <seconds>',
        'of an address that gives a single picture, ask again so often (default: once)',
        seconds,
      )
      .addHelpText('after', cameraHelp)
      .action(classify),
    [...modelOptions(), ...pictureOptions(), labelsOption(), ...preprocessOptions()],
  );
}

async function classify(images: string[], options: StreamOptions & FilesOptions, command: Command): Promise<void> {
  const source = images.find((image) => image === '-' || isCameraAddress(image));
  if (source === undefined) {
    const misplaced = command.options.find((option) => {
      const value: unknown = command.getOptionValue(option.attributeName());
      return (
        streamOptions.includes(option.attributeName()) && value !== undefined && option.negate === (value === false)
      );
    });
    if (misplaced) command.error(`${misplaced.long!} is for - (standard input) and cameras`);
    return classifyFiles(images, options);
  }
  const called = source === '-' ? '- (standard input)' : 'the address of a camera';
  if (images.length > 1) command.error(`${called} must be the only image`);
  if (source === '-' && process.stdin.isTTY)
    command.error('standard input (-) is a terminal; a picture or a stream of JPEG frames should be piped in');
  if (source === '-' && (options.interval ?? options.retries) !== undefined)
    command.error('--interval and --retries are for cameras that are read by their address');
  if (options.csv) command.error('--csv is for files; a stream is printed in lines or as --json');
  return classifyStream(source, options);
}
