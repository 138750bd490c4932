import { dirname, join } from 'node:path';
import { readHubConfig, type HubConfig } from './config.js';
import { damaged, quoted, unreadable } from './faults.js';
import { findWeights, readBytes } from './file.js';
import { recogniseFormat, type Format } from './format.js';
import { readPyTorch } from './pytorch.js';
import { readSafetensors } from './safetensors.js';
import type { StateDict, Tensor } from './tensor.js';

export interface Checkpoint {
  readonly tensors: StateDict;
  /** From the `config.json` that lies with the weights, if there is one. */
  readonly config?: HubConfig;
  /** The file that the tensors came from. */
  readonly file: string;
  readonly sizeBytes: number;
}

/** What DistributedDataParallel, timm's EMA and torch.compile put before the names of what they wrap. */
const wrapperPrefix = /^(?:module\.|_orig_mod\.)+/;

/** Counters of batch norm and of the profiler thop: no parameters, even where they are stored as floats. */
const counter = /(?:^|\.)(?:num_batches_tracked|total_ops|total_params)$/;

/**
 * Reads a network's parameters from a file or folder: a folder as on the Hugging Face hub (`config.json` with
 * `model.safetensors` or `pytorch_model.bin`), a `.safetensors` file (a `config.json` beside it counts too), or a
 * PyTorch checkpoint in the zip format. The format is told by the file's bytes, not by its name.
 *
 * The file is read once, and float32 tensors are views on it. Integer tensors, counters and all that a trainer keeps
 * beside the weights are left out; the prefixes of wrapped modules (`module.`) are taken off.
 *
 * @throws {GhostNetError} ERR_GHOST_FILE if it cannot be read, ERR_GHOST_CHECKPOINT if it is not understood or
 *   damaged, ERR_GHOST_UNSAFE if it holds a pickle that names something able to run code.
 * @throws `signal.reason` once the signal is aborted.
 */
export async function readCheckpoint(path: string, options: { signal?: AbortSignal } = {}): Promise<Checkpoint> {
  const { signal } = options;
  signal?.throwIfAborted();
  const { file, inFolder } = await findWeights(path);
  const bytes = await readBytes(file, signal);
  const format = recogniseFormat(bytes);
  const tensors = parameters(await readTensors(bytes, format, file, signal), file);
  signal?.throwIfAborted();
  const hasConfig = inFolder || format === 'safetensors';
  const config = hasConfig ? await readHubConfig(join(dirname(file), 'config.json')) : undefined;
  return { tensors, ...(config && { config }), file, sizeBytes: bytes.length };
}

async function readTensors(
  bytes: Buffer,
  format: Format,
  file: string,
  signal: AbortSignal | undefined,
): Promise<Map<string, Tensor>> {
  switch (format) {
    case 'safetensors':
      return readSafetensors(bytes, file);
    case 'pytorch':
      return readPyTorch(bytes, file, signal);
    case 'pytorch-legacy':
      throw unreadable(file, `is a pickle of PyTorch before 1.6, which is not read yet; save it again with torch.save`);
    case 'mindspore':
      throw unreadable(file, 'is a MindSpore checkpoint, which is not read yet; convert it to .safetensors');
    case 'git-lfs-pointer':
      throw unreadable(file, 'is a pointer of Git LFS, not the weights; run git lfs pull');
    case 'unknown':
      throw unreadable(
        file,
        `is no checkpoint: expected .safetensors or PyTorch's zip format, found ${bytes.length} bytes ` +
          `that begin with ${quoted(bytes.toString('latin1', 0, 24))}`,
      );
  }
}

/** The tensors that a network computes with, by the names that its own modules give them. */
function parameters(tensors: ReadonlyMap<string, Tensor>, file: string): StateDict {
  const found = new Map<string, Tensor>();
  for (const [fullName, tensor] of tensors) {
    const name = fullName.replace(wrapperPrefix, '');
    if (counter.test(name)) continue;
    if (found.has(name)) throw damaged(file, `it holds tensor ${quoted(name)} twice, with a prefix and without`);
    found.set(name, tensor);
  }
  return found;
}
