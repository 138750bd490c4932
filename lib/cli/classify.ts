import { Command, Option } from 'commander';
import { classifyFiles, type FilesOptions } from './classify-files.js';
import { classifyStream, type StreamOptions } from './classify-stream.js';
import { jsonOption, maxFramesOption, modelOption, precisionOption, revisionOption, threadsOption, topOption } from './options.js';

const cameraHelp = `
With - a picture or a stream of JPEG frames (Motion JPEG) is read from standard input, and a line is printed for each:
  rpicam-vid --codec mjpeg -t 0 -n -o - | ghostnet classify -
`;

export function classifyCommand(): Command {
  return new Command('classify')
    .description('Prints the most probable classes of each image.')
    .argument('<image...>', 'JPEG, PNG, WebP, AVIF, GIF or TIFF files, folders of them, patterns as "photos/*.jpg", or - for standard input')
    .addOption(modelOption())
    .addOption(revisionOption())
    .addOption(topOption())
    .addOption(threadsOption())
    .addOption(precisionOption())
    .addOption(jsonOption())
    .addOption(new Option('--csv', 'print CSV, a row for each image and class: image, rank, index, label, probability').conflicts('json'))
    .option('--latest', 'of standard input, take the newest frame and pass over older ones (default for a pipe)')
    .option('--no-latest', 'of standard input, take every frame (default for a file)')
    .addOption(maxFramesOption())
    .addHelpText('after', cameraHelp)
    .action(classify);
}

async function classify(images: string[], options: StreamOptions & FilesOptions, command: Command): Promise<void> {
  if (images.includes('-')) {
    if (images.length > 1) command.error('- (standard input) must be the only image');
    if (process.stdin.isTTY) command.error('standard input (-) is a terminal; a picture or a stream of JPEG frames should be piped in');
    if (options.csv) command.error('--csv is for files; a stream is printed in lines or as --json');
    return classifyStream(options);
  }
  if (options.latest !== undefined || options.maxFrames) command.error('--latest, --no-latest and --max-frames are for - (standard input)');
  return classifyFiles(images, options);
}
