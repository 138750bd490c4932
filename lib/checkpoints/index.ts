import { dirname, join } from 'node:path';
import { readHubConfig, type HubConfig } from './config.js';
import { plain, quoted } from '../messages/quoted.js';
import { unreadable } from '../formats/faults.js';
import { OpenFile } from '../formats/open-file.js';
import { findWeights, maxWeightsBytes } from './hub-folder.js';
import { headBytes, recogniseFormat, remarkOn, type Format, type Framework } from './format.js';
import { classNamesWithin } from './class-names.js';
import { readProcessorConfig, type ProcessorConfig } from './processor-config.js';
import { labelsBeside, type LabelsFile } from './labels-file.js';
import { globalPoolWithin } from './global-pool.js';
import { readMindSpore } from './mindspore.js';
import { openMmLabWithin, type OwnConfig } from './openmmlab.js';
import { scriptClass } from './modules.js';
import type { PickleListener } from './pickle-values.js';
import { readPyTorch } from './pytorch.js';
import { readLegacyPyTorch } from './pytorch-legacy.js';
import { readSafetensors } from './safetensors.js';
import { joinedShards } from './shards.js';
import type { TensorDict } from './tensor-dict.js';
import type { StateDict } from '../formats/tensor.js';

export interface CheckpointFile {
  /** Every dict of tensors in it, those at the top first; one at least. */
  readonly dicts: readonly TensorDict[];
  readonly framework: Framework;
  /** From the `config.json` that lies with the weights, if there is one. */
  readonly config?: HubConfig;
  /** From the `preprocessor_config.json` that lies there, if there is one. */
  readonly processor?: ProcessorConfig;
  /** The file that the tensors came from. */
  readonly file: string;
  readonly sizeBytes: number;
  /** Tells the file from others and from what it is once it has been written to: see {@link OpenFile.stamp}. */
  readonly stamp: string;
  /** See {@link OpenFile.isUnchanged}. */
  readonly isUnchanged: () => Promise<boolean>;
  /** What its pickle names and nobody knows, at most {@link maxUnknownNames}, fit to be printed. */
  readonly unknownNames: readonly string[];
  /** Lists of names in its pickle that look like its classes', the likeliest first. */
  readonly classNames: readonly (readonly string[])[];
  /** Of the pooling before the classifier, as a training run's arguments in its pickle have it. */
  readonly globalPool?: string;
  /** What the run's config in its pickle says, where OpenMMLab's frameworks have put it. */
  readonly own?: OwnConfig;
  /** Lists of names that lie beside it, whosever they are. */
  readonly labelsFiles: readonly LabelsFile[];
  /** To be called in the end; stored tensors cannot be read any more. */
  readonly close: () => Promise<void>;
}

/** The same with the tensors of a network in place of all that it holds. */
export interface Checkpoint extends Omit<CheckpointFile, 'dicts'> {
  readonly tensors: StateDict;
}

const maxUnknownNames = 8;

/**
 * Reads a network's parameters from a file or folder: a folder as on the Hugging Face hub (`config.json` with
 * `model.safetensors` or `pytorch_model.bin`, or an index of the files that they are cut up into), a folder of a training run, a `.safetensors` file (a `config.json` beside it counts too), or a
 * PyTorch checkpoint in the zip format or in the one before it, or a MindSpore checkpoint. The format is told by the
 * file's bytes, not by its name.
 *
 * Integer tensors and all that a trainer keeps beside the weights are left out. Large matrices are not
 * read before somebody wants them: until the caller closes the checkpoint, its file is open.
 *
 * @throws {GhostNetError} ERR_GHOST_FILE if it cannot be read, ERR_GHOST_CHECKPOINT if it is not understood or
 *   damaged, ERR_GHOST_UNSAFE if it holds a pickle that calls something able to run code.
 * @throws `signal.reason` once the signal is aborted.
 */
export async function readCheckpoint(
  path: string,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<CheckpointFile> {
  const { signal } = options;
  signal?.throwIfAborted();
  const { file, shards, inFolder } = await findWeights(path);
  const read: ReadFile[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(read.map(({ opened }) => opened.close()));
  };
  try {
    for (const shard of shards) read.push(await readFile(shard, signal));
    signal?.throwIfAborted();
    const [first] = read as [ReadFile];
    const topDicts = read.map(({ dicts }) => dicts[0]!);
    const hasConfig = inFolder || first.format === 'safetensors';
    const config = hasConfig ? await readHubConfig(join(dirname(file), 'config.json')) : undefined;
    const processor = hasConfig ? await readProcessorConfig(dirname(file)) : undefined;
    const labelsFiles = await labelsBeside(dirname(file));
    return {
      dicts: shards.length === 1 ? first.dicts : [joinedShards(topDicts, file)],
      framework: first.format === 'mindspore' ? 'mindspore' : 'pytorch',
      ...(config && { config }),
      ...(processor && { processor }),
      file,
      sizeBytes: read.reduce((sum, { opened }) => sum + opened.sizeBytes, 0),
      stamp: read.map(({ opened }) => opened.stamp).join(' '),
      isUnchanged: async () => (await Promise.all(read.map(({ opened }) => opened.isUnchanged()))).every(Boolean),
      unknownNames: read.flatMap(({ unknownNames }) => unknownNames).slice(0, maxUnknownNames),
      classNames: read.flatMap(({ classNames }) => classNames),
      ...(first.globalPool !== undefined && { globalPool: first.globalPool }),
      ...(first.own && { own: first.own }),
      labelsFiles,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface ReadFile {
  readonly opened: OpenFile;
  readonly format: Format;
  readonly dicts: readonly TensorDict[];
  readonly unknownNames: readonly string[];
  readonly classNames: readonly (readonly string[])[];
  readonly globalPool: string | undefined;
  readonly own: OwnConfig | undefined;
}

/** Leaves the file open, for what is still to be read of it. */
async function readFile(path: string, signal: AbortSignal | undefined): Promise<ReadFile> {
  const opened = await OpenFile.open(path, maxWeightsBytes);
  try {
    const head = await opened.read(0, Math.min(headBytes, opened.sizeBytes), signal);
    const format = recogniseFormat(head);
    const unknownNames: string[] = [];
    let classNames: readonly (readonly string[])[] = [];
    let globalPool: string | undefined;
    let own: OwnConfig | undefined;
    const heard: PickleListener = {
      unknown: (name) => {
        // A TorchScript archive names its own modules, which are the network.
        if (unknownNames.length < maxUnknownNames && !scriptClass.test(name)) unknownNames.push(plain(name));
      },
      whole: (checkpoint) => {
        classNames = classNamesWithin(checkpoint);
        globalPool = globalPoolWithin(checkpoint);
        own = openMmLabWithin(checkpoint);
      },
    };
    const dicts = await readDicts(opened, format, head, heard, signal);
    return { opened, format, dicts, unknownNames, classNames, globalPool, own };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function readDicts(
  file: OpenFile,
  format: Format,
  head: Buffer,
  heard: PickleListener,
  signal: AbortSignal | undefined,
): Promise<readonly TensorDict[]> {
  const { path, sizeBytes } = file;
  switch (format) {
    case 'safetensors':
      return [await readSafetensors(file, signal)];
    case 'pytorch':
      return readPyTorch(file, heard, signal);
    case 'pytorch-legacy':
      return readLegacyPyTorch(file, heard, signal);
    case 'mindspore':
      return [await readMindSpore(file, signal)];
    case 'unknown': {
      const expected = 'expected .safetensors, a file of torch.save or a MindSpore .ckpt';
      const found = `found ${sizeBytes} bytes that begin with ${quoted(head.toString('latin1', 0, 24))}`;
      throw unreadable(path, remarkOn(head) ?? `is no checkpoint: ${expected}, ${found}`);
    }
  }
}
