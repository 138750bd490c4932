import { Command } from 'commander';
import { GhostNetError } from '../errors.js';
import type { Classification } from '../results.js';
import { classifyStream, type StreamOptions } from './classify-stream.js';
import { loadModel } from './load.js';
import { jsonOption, maxFramesOption, modelOption, precisionOption, revisionOption, threadsOption, topOption } from './options.js';
import { inWords, percent, print, reportFault, round, rounded } from './print.js';

const cameraHelp = `
With - a picture or a stream of JPEG frames (Motion JPEG) is read from standard input, and a line is printed for each:
  rpicam-vid --codec mjpeg -t 0 -n -o - | ghostnet classify -
`;

export function classifyCommand(): Command {
  return new Command('classify')
    .description('Prints the most probable classes of each image.')
    .argument('<image...>', 'JPEG, PNG, WebP, AVIF, GIF or TIFF files, or - for standard input')
    .addOption(modelOption())
    .addOption(revisionOption())
    .addOption(topOption())
    .addOption(threadsOption())
    .addOption(precisionOption())
    .addOption(jsonOption())
    .option('--latest', 'of standard input, take the newest frame and pass over older ones (default for a pipe)')
    .option('--no-latest', 'of standard input, take every frame (default for a file)')
    .addOption(maxFramesOption())
    .addHelpText('after', cameraHelp)
    .action(classify);
}

async function classify(images: string[], options: StreamOptions, command: Command): Promise<void> {
  if (images.includes('-')) {
    if (images.length > 1) command.error('- (standard input) must be the only image');
    if (process.stdin.isTTY) command.error('standard input (-) is a terminal; a picture or a stream of JPEG frames should be piped in');
    return classifyStream(options);
  }
  if (options.latest !== undefined || options.maxFrames) command.error('--latest, --no-latest and --max-frames are for - (standard input)');
  return classifyFiles(images, options);
}

async function classifyFiles(images: string[], options: StreamOptions): Promise<void> {
  const model = await loadModel(options);
  // With several images, one line each; a bad one is reported and the others still come.
  const single = images.length === 1;
  const nameWidth = Math.max(...images.map((image) => image.length));
  for (const image of images) {
    const start = performance.now();
    try {
      const top = await model.classify(image, { topK: options.top });
      const latencyMs = performance.now() - start;
      if (options.json) print(JSON.stringify({ image, latencyMs: round(latencyMs, 2), top: top.map(rounded) }));
      else if (single) printTable(image, top, latencyMs);
      else print(`${image.padEnd(nameWidth)}  ${latencyMs.toFixed(1).padStart(6)} ms  ${top.map(inWords).join('; ')}`);
    } catch (error) {
      if (single || !(error instanceof GhostNetError)) throw error;
      reportFault(error.message);
    }
  }
  await model.dispose();
}

function printTable(image: string, top: readonly Classification[], latencyMs: number): void {
  print(`${image}  (${latencyMs.toFixed(1)} ms)`);
  const width = Math.max(...top.map(({ label }) => label.length));
  for (const { label, probability } of top) print(`  ${label.padEnd(width)}  ${percent(probability).padStart(6)}`);
}
