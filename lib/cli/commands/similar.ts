import { resolve } from 'node:path';
import { Command } from 'commander';
import { GhostNetError } from '../../errors.js';
import { embedFiles } from '../pictures/embed-files.js';
import { findAllImageFiles, imageIn } from '../pictures/image-files.js';
import { loadModel, type ModelOptions } from '../load.js';
import {
  jsonOption,
  modelOptions,
  pictureOptions,
  saidPicture,
  wholeNumber,
  withOptions,
  type PictureFlags,
} from '../options.js';
import { preprocessOptions } from '../preprocess-options.js';
import { print, printJson, round } from '../output/print.js';
import { jsonName } from '../pictures/raw-paths.js';
import { untilStopped } from '../stop.js';

interface Options extends ModelOptions, PictureFlags {
  top: number;
  json?: boolean;
}

interface Match {
  readonly image: string;
  /** Cosine: 1 for the same direction. */
  readonly similarity: number;
}

export function similarCommand(): Command {
  return withOptions(
    new Command('similar')
      .description('Prints the images that are most like one image, by the cosine similarity of their embeddings.')
      .argument('<query>', 'the image to compare with')
      .argument('<image...>', 'image files, patterns such as photos/*.jpg, or folders with all that is below')
      .option('--top <n>', 'how many to print', wholeNumber, 5)
      .addOption(jsonOption())
      .action((query: string, paths: string[], options: Options) =>
        untilStopped((signal) => similar(query, paths, options, signal)),
      ),
    [...modelOptions(), ...pictureOptions(), ...preprocessOptions()],
  );
}

async function similar(query: string, paths: string[], options: Options, signal: AbortSignal): Promise<void> {
  // That an image is like itself need not be told.
  const files = (await findAllImageFiles(paths))
    .flatMap((found) => found.files)
    .filter((file) => resolve(file) !== resolve(query));
  const model = await loadModel(options, signal);
  try {
    const { data } = await model.embed(await imageIn(query, signal), {
      normalize: true,
      signal,
      ...saidPicture(options),
    });
    let best: Match[] = [];
    for await (const { file, vector } of embedFiles(model, files, {
      normalize: true,
      signal,
      ...saidPicture(options),
    })) {
      best.push({ image: file, similarity: vector.reduce((sum, value, i) => sum + value * data[i]!, 0) });
      best = best.sort((a, b) => b.similarity - a.similarity).slice(0, options.top);
    }
    if (best.length === 0) throw new GhostNetError('ERR_GHOST_FILE', `There is no image to compare ${query} with.`);
    for (const { image, similarity } of best) {
      if (options.json) printJson({ ...jsonName(image), similarity: round(similarity, 6) });
      else print(`${similarity.toFixed(3).padStart(6)}  ${image}`);
    }
  } finally {
    await model.dispose();
  }
}
