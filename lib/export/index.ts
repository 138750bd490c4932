import { dirname, join } from 'node:path';
import { checkGate, checkClassifier, checkPart } from '../engine/options.js';
import { openNetwork, type OpenNetwork } from '../networks/checkpoint.js';
import { GhostNetError } from '../errors.js';
import { filePath, hrefOf } from '../arguments/file-url.js';
import type { Pair } from '../graph/graph.js';
import { locateModel } from '../hub/index.js';
import type { PublishedModel } from '../hub/published.js';
import { checkOwnSize, knownLabels, modelConfig, type ModelConfig, type SaidConfig } from '../model-config.js';
import { mainOutputs } from '../networks/network.js';
import { checkFlag, checkFunction, checkSignal, readOptions } from '../arguments/options.js';
import { checkRevision } from '../hub/options.js';
import type { LoadOptions } from '../load-options.js';
import { checkInputSize } from '../engine/tensor-input.js';
import { saidConfig } from '../said-config.js';
import { shownAddress } from '../messages/address.js';
import { shownPath } from '../messages/quoted.js';
import { shown } from '../messages/shown.js';
import { hubConfig, onnxMetadata } from './config.js';
import { checkVacant, writeFiles, type FileToWrite } from '../formats/new-file.js';
import { onnxFile } from '../onnx/file.js';
import { onnxGraph } from '../onnx/graph.js';
import { safetensorsFile } from './safetensors.js';

/** How {@link exportModel} writes a model. */
export interface ExportOptions extends Pick<
  LoadOptions,
  | 'revision'
  | 'onProgress'
  | 'part'
  | 'gate'
  | 'globalPool'
  | 'classifierActivation'
  | 'labels'
  | 'preprocess'
  | 'signal'
> {
  /** Of `.safetensors`: elements in float16, each rounded once. Default: float32. */
  half?: boolean;
  /**
   * Of `.onnx`: the height and width of its input, in pixels, from the smallest that the network takes (of a GhostNet
   * 33). Default: the model's own.
   */
  inputSize?: readonly [height: number, width: number];
  /** Whether files that exist are replaced. Default: they are not, and that is an error. */
  overwrite?: boolean;
}

/** What {@link exportModel} has written. */
export interface ExportedModel {
  /** The weights' file first. */
  readonly files: readonly string[];
  /** Of the weights' file. */
  readonly sizeBytes: number;
  readonly config: ModelConfig;
}

const exportOptions = [
  'revision',
  'onProgress',
  'part',
  'gate',
  'globalPool',
  'classifierActivation',
  'labels',
  'preprocess',
  'signal',
  'half',
  'inputSize',
  'overwrite',
] as const;

/**
 * Writes a model for other engines: `.onnx` (float32, opset 18, any batch, input `input` [batch, 3, h, w], or of the
 * network's own channels; output `logits` [batch, classes], or of a head its maps (`head`, `pred.0`, …), or, without a classifier, the embedding
 * `pre_logits` [batch, c] or the maps [batch, c, h, w]; batch norm and branches folded in float64) or `.safetensors` (the
 * checkpoint's parameters by timm's names, with timm's `config.json` beside it). The
 * file's name decides which. The files appear when they are whole; weights go through memory in pieces.
 *
 * @param source what {@link load} takes
 * @throws {GhostNetError} what {@link load} throws; ERR_GHOST_ARGUMENT for another kind of file, ERR_GHOST_FILE if it
 *   exists or cannot be written, ERR_GHOST_ARCHITECTURE if timm has no such network, ERR_GHOST_PRECISION for a value
 *   that a half cannot hold, ERR_GHOST_SHAPE for an input that is too small
 * @throws `signal.reason` once the signal is aborted.
 */
export async function exportModel(
  source: string | URL,
  file: string | URL,
  options: ExportOptions = {},
): Promise<ExportedModel> {
  const given = readOptions(options, exportOptions);
  const revision = checkRevision(given.revision);
  const onProgress = checkFunction<LoadOptions['onProgress']>('onProgress', given.onProgress, undefined);
  const part = checkPart(given.part);
  const gate = checkGate(given.gate);
  const classifier = checkClassifier(given);
  const signal = checkSignal(given.signal);
  const half = checkFlag('half', given.half);
  const overwrite = checkFlag('overwrite', given.overwrite);
  const path = pathOf(file);
  const format = formatOf(path);
  const inputSize = checkFits(format, half, given.inputSize);
  const files = format === 'onnx' ? [path] : [path, join(dirname(path), 'config.json')];
  if (!overwrite) await checkVacant(files);
  const said = await saidConfig(given);
  const { path: found, published } = await locateModel(source, revision, { signal, onProgress });
  const opened = await openNetwork(found, { signal, gate, classifier, part });
  try {
    const contents =
      format === 'onnx' ? await onnx(opened, published, said, inputSize) : safetensors(opened, published, said, half);
    const toWrite = files.map((name, i): FileToWrite => ({ path: name, pieces: contents.pieces[i]! }));
    const [sizeBytes] = await writeFiles(toWrite, overwrite, signal);
    return { files, sizeBytes: sizeBytes!, config: contents.config };
  } finally {
    await opened.checkpoint.close();
  }
}

interface Contents {
  /** Of each file. */
  readonly pieces: readonly FileToWrite['pieces'][];
  readonly config: ModelConfig;
}

async function onnx(
  { checkpoint, network, graph: graphOf }: OpenNetwork,
  published: PublishedModel | undefined,
  said: SaidConfig,
  inputSize?: Pair,
): Promise<Contents> {
  const known = modelConfig(network, checkpoint, published, said);
  const found = known.config;
  const config = inputSize ? { ...found, preprocess: { ...found.preprocess, inputSize } } : found;
  const graph = await graphOf(mainOutputs(network));
  if (!inputSize) checkOwnSize(known, graph, checkpoint.file);
  const translated = onnxGraph(graph, config.preprocess.inputSize);
  const metadata = onnxMetadata(config, knownLabels(checkpoint, config.numClasses, published, said)?.labels);
  return { pieces: [onnxFile(translated, metadata)], config };
}

function safetensors(
  { checkpoint, network, gate, classifier }: OpenNetwork,
  published: PublishedModel | undefined,
  said: SaidConfig,
  half: boolean,
): Contents {
  // In timm's network the same weights may mean something else.
  if (network.unlikeTimm !== undefined)
    throw new GhostNetError('ERR_GHOST_ARCHITECTURE', `${checkpoint.file} ${network.unlikeTimm}`);
  const { config } = modelConfig(network, checkpoint, published, said);
  const labels = knownLabels(checkpoint, config.numClasses, published, said)?.labels;
  const json = hubConfig(config, network.family, { gate, classifier }, labels);
  return { pieces: [safetensorsFile(checkpoint.tensors, half ? 'F16' : 'F32'), [Buffer.from(json)]], config };
}

function pathOf(file: unknown): string {
  const href = hrefOf(file);
  if (href?.startsWith('file:')) return filePath(href);
  if (typeof file === 'string' && file !== '' && !file.includes('\0')) return file;
  throw new GhostNetError(
    'ERR_GHOST_ARGUMENT',
    `The file to write should be given as a path or a file: URL, found ${href === undefined ? shown(file) : shownAddress(href)}.`,
  );
}

function formatOf(path: string): 'onnx' | 'safetensors' {
  const [, extension] = /\.(onnx|safetensors)$/i.exec(path) ?? [];
  if (extension !== undefined) return extension.toLowerCase() as 'onnx' | 'safetensors';
  throw new GhostNetError(
    'ERR_GHOST_ARGUMENT',
    `${shownPath(path)} should end in .onnx or .safetensors, which says what is written.`,
  );
}

function checkFits(format: 'onnx' | 'safetensors', half: boolean, inputSize: unknown): Pair | undefined {
  if (half && format === 'onnx')
    throw new GhostNetError('ERR_GHOST_ARGUMENT', 'half is for .safetensors: an .onnx file is written in float32.');
  if (inputSize === undefined) return undefined;
  if (format !== 'onnx')
    throw new GhostNetError('ERR_GHOST_ARGUMENT', 'inputSize is for .onnx: a .safetensors file has no size of input.');
  return checkInputSize(inputSize);
}
