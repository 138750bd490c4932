import { dirname, join } from 'node:path';
import { readHubConfig, type HubConfig } from './config.js';
import { damaged, quoted, unreadable } from './faults.js';
import { CheckpointFile, findWeights } from './file.js';
import { recogniseFormat, type Format } from './format.js';
import { readPyTorch } from './pytorch.js';
import { readLegacyPyTorch } from './pytorch-legacy.js';
import { readSafetensors } from './safetensors.js';
import type { StateDict, StoredTensor, Tensor } from './tensor.js';

export interface Checkpoint {
  readonly tensors: StateDict;
  /** From the `config.json` that lies with the weights, if there is one. */
  readonly config?: HubConfig;
  /** The file that the tensors came from. */
  readonly file: string;
  readonly sizeBytes: number;
  /** To be called in the end; stored tensors cannot be read any more. */
  readonly close: () => Promise<void>;
}

/** What a format is told by. */
const headBytes = 64;

/** What DistributedDataParallel, timm's EMA and torch.compile put before the names of what they wrap. */
const wrapperPrefix = /^(?:module\.|_orig_mod\.)+/;

/** Counters of batch norm and of the profiler thop: no parameters, even where they are stored as floats. */
const counter = /(?:^|\.)(?:num_batches_tracked|total_ops|total_params)$/;

/**
 * Reads a network's parameters from a file or folder: a folder as on the Hugging Face hub (`config.json` with
 * `model.safetensors` or `pytorch_model.bin`), a `.safetensors` file (a `config.json` beside it counts too), or a
 * PyTorch checkpoint in the zip format or in the one before it. The format is told by the file's bytes, not by its name.
 *
 * Integer tensors, counters and all that a trainer keeps beside the weights are left out; the prefixes of wrapped
 * modules (`module.`) are taken off. Large matrices of a `.safetensors` file are not read before somebody wants them:
 * until the caller closes the checkpoint, its file is open.
 *
 * @throws {GhostNetError} ERR_GHOST_FILE if it cannot be read, ERR_GHOST_CHECKPOINT if it is not understood or
 *   damaged, ERR_GHOST_UNSAFE if it holds a pickle that names something able to run code.
 * @throws `signal.reason` once the signal is aborted.
 */
export async function readCheckpoint(path: string, options: { signal?: AbortSignal } = {}): Promise<Checkpoint> {
  const { signal } = options;
  signal?.throwIfAborted();
  const { file: found, inFolder } = await findWeights(path);
  const file = await CheckpointFile.open(found);
  try {
    const head = await file.read(0, Math.min(headBytes, file.sizeBytes), signal);
    const format = recogniseFormat(head);
    const tensors = parameters(await readTensors(file, format, head, signal), found);
    signal?.throwIfAborted();
    const hasConfig = inFolder || format === 'safetensors';
    const config = hasConfig ? await readHubConfig(join(dirname(found), 'config.json')) : undefined;
    return { tensors, ...(config && { config }), file: found, sizeBytes: file.sizeBytes, close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readTensors(
  file: CheckpointFile,
  format: Format,
  head: Buffer,
  signal: AbortSignal | undefined,
): Promise<StateDict> {
  const { path, sizeBytes } = file;
  switch (format) {
    case 'safetensors':
      return readSafetensors(file, signal);
    case 'pytorch':
      return readPyTorch(file, signal);
    case 'pytorch-legacy':
      return readLegacyPyTorch(file, signal);
    case 'mindspore':
      throw unreadable(path, 'is a MindSpore checkpoint, which is not read yet; convert it to .safetensors');
    case 'git-lfs-pointer':
      throw unreadable(path, 'is a pointer of Git LFS, not the weights; run git lfs pull');
    case 'unknown':
      throw unreadable(
        path,
        `is no checkpoint: expected .safetensors or a file of torch.save, found ${sizeBytes} bytes ` +
          `that begin with ${quoted(head.toString('latin1', 0, 24))}`,
      );
  }
}

/** The tensors that a network computes with, by the names that its own modules give them. */
function parameters(tensors: StateDict, file: string): StateDict {
  const found = new Map<string, Tensor | StoredTensor>();
  for (const [fullName, tensor] of tensors) {
    const name = fullName.replace(wrapperPrefix, '');
    if (counter.test(name)) continue;
    if (found.has(name)) throw damaged(file, `it holds tensor ${quoted(name)} twice, with a prefix and without`);
    found.set(name, tensor);
  }
  return found;
}
