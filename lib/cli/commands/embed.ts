import { extname } from 'node:path';
import { Command } from 'commander';
import { GhostNetError } from '../../errors.js';
import { writeFiles } from '../../formats/new-file.js';
import { embedFiles, type EmbeddedFile } from '../pictures/embed-files.js';
import { jsonText } from '../output/escape.js';
import { findAllImageFiles } from '../pictures/image-files.js';
import { loadModel, type ModelOptions } from '../load.js';
import { npyHeader } from '../output/npy.js';
import { modelOptions, outputName, pictureOptions, saidPicture, withOptions, type PictureFlags } from '../options.js';
import { preprocessOptions } from '../preprocess-options.js';
import { print } from '../output/print.js';
import { jsonName } from '../pictures/raw-paths.js';
import { untilStopped } from '../stop.js';

interface Options extends ModelOptions, PictureFlags {
  output?: string;
  normalize?: true;
}

const help = `
vectors.npy is an array [images, numbers] of float32 for NumPy; the images' paths are written to vectors.names.json.
Of .jsonl, and on standard output, every line is {"image": path, "embedding": [numbers]}.
A GhostNet gives 1280 numbers for an image.
`;

export function embedCommand(): Command {
  return withOptions(
    new Command('embed')
      .description('Writes a vector for each image, by which images can be compared, searched or sorted.')
      .argument('<image...>', 'image files, patterns such as photos/*.jpg, or folders with all that is below')
      .option('-o, --output <file>', 'a .npy or .jsonl file (default: JSON lines on standard output)', outputName)
      .option('--normalize', 'give every vector the length 1')
      .addHelpText('after', help)
      .action((paths: string[], options: Options, command: Command) => {
        const ending = options.output === undefined ? undefined : extname(options.output).toLowerCase();
        if (ending !== undefined && ending !== '.npy' && ending !== '.jsonl')
          command.error('the output should be a .npy or .jsonl file');
        return untilStopped((signal) => embed(paths, options, signal));
      }),
    [...modelOptions(), ...pictureOptions(), ...preprocessOptions()],
  );
}

async function embed(paths: string[], options: Options, signal: AbortSignal): Promise<void> {
  const { output } = options;
  const files = (await findAllImageFiles(paths)).flatMap((found) => found.files);
  const model = await loadModel(options, signal);
  try {
    const embedded = embedFiles(model, files, {
      signal,
      normalize: options.normalize ?? false,
      ...saidPicture(options),
    });
    if (output === undefined) for await (const one of embedded) print(asJson(one));
    else await writeVectors(output, embedded, signal);
  } finally {
    await model.dispose();
  }
}

/** The file is written as the vectors come: there may be more of them than fit into memory. */
async function writeVectors(path: string, embedded: AsyncIterable<EmbeddedFile>, signal: AbortSignal): Promise<void> {
  const names: string[] = [];
  let columns = 0;
  const rows = async function* (asBytes: (one: EmbeddedFile) => Uint8Array): AsyncGenerator<Uint8Array> {
    for await (const one of embedded) {
      yield asBytes(one);
      names.push(one.file);
      columns = one.vector.length;
    }
    if (names.length === 0)
      throw new GhostNetError('ERR_GHOST_FILE', `${path} is not written: there is no image to embed.`);
  };
  if (extname(path).toLowerCase() === '.jsonl') {
    await writeFiles([{ path, pieces: rows((one) => Buffer.from(`${asJson(one)}\n`)) }], true, signal);
    return;
  }
  // How many rows there are shows in the end.
  const head = (): Uint8Array => npyHeader(names.length, columns);
  const array = async function* (): AsyncGenerator<Uint8Array> {
    yield head();
    yield* rows(({ vector }) => new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength));
  };
  const list = function* (): Generator<Uint8Array> {
    yield Buffer.from(
      `${JSON.stringify(
        names.map((name) => jsonName(name).image),
        null,
        1,
      )}\n`,
    );
  };
  const namesPath = `${path.slice(0, -extname(path).length)}.names.json`;
  await writeFiles(
    [
      { path, pieces: array(), head },
      { path: namesPath, pieces: list() },
    ],
    true,
    signal,
  );
}

/** Nine digits tell every float32 from every other. */
function asJson({ file, vector }: EmbeddedFile): string {
  return jsonText({ ...jsonName(file), embedding: Array.from(vector, (value) => Number(value.toPrecision(9))) });
}
