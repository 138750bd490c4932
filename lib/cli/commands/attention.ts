import { Command } from 'commander';
import { writeFiles } from '../../formats/new-file.js';
import { preprocess } from '../../engine/preprocess.js';
import { attentionSheet } from '../output/attention-sheet.js';
import { pictureEndings, pictureFormatOf, type PictureFormat } from '../output/picture-file.js';
import { imageIn } from '../pictures/image-files.js';
import { loadModel, type ModelOptions } from '../load.js';
import {
  modelOptions,
  outputName,
  pictureOptions,
  saidPicture,
  wholeNumber,
  withOptions,
  type PictureFlags,
} from '../options.js';
import { preprocessOptions } from '../preprocess-options.js';
import { untilStopped } from '../stop.js';

interface Options extends ModelOptions, PictureFlags {
  output: string;
  side?: number;
}

const help = `
The first picture is what the network sees: the image, resized and cropped. The others are the same under a heat map: the mean
of the block's gate over its channels, from its smallest value (blue) to its largest (red), which are printed below.
`;

export function attentionCommand(): Command {
  return withOptions(
    new Command('attention')
      .description(
        'Draws where each block of a GhostNetV2 or V3 looks: its DFC attention as a heat map over the image.',
      )
      .argument('<image>', 'an image file')
      .requiredOption('-o, --output <file>', `the picture to write (${pictureEndings})`, outputName)
      .option(
        '--side <pixels>',
        "of the square that the network sees: more show more (default: the model's input size)",
        wholeNumber,
      )
      .addHelpText('after', help)
      .action((image: string, options: Options, command: Command) => {
        const format = pictureFormatOf(options.output);
        if (!format) command.error(`the output should end in ${pictureEndings}`);
        return untilStopped((signal) => attention(image, options, format, signal));
      }),
    [...modelOptions(), ...pictureOptions(), ...preprocessOptions().filter(({ long }) => long !== '--size')],
  );
}

async function attention(
  image: string,
  { output, side, ...options }: Options,
  format: PictureFormat,
  signal: AbortSignal,
): Promise<void> {
  const model = await loadModel(options, signal);
  try {
    const config = { ...model.config.preprocess, ...(side !== undefined && { inputSize: [side, side] as const }) };
    const tensor = await preprocess(await imageIn(image, signal), config, { signal, ...saidPicture(options) });
    const maps = await model.attention(tensor, { signal });
    const sheet = await attentionSheet(tensor, config, maps, format);
    await writeFiles([{ path: output, pieces: [sheet] }], true, signal);
  } finally {
    await model.dispose();
  }
}
