import { resolve } from 'node:path';
import { checkFunction, checkSignal, readOptions } from './arguments/options.js';
import {
  checkClassifier,
  checkGate,
  checkHead,
  checkPart,
  checkPrecision,
  checkThreads,
  forcedIsa,
} from './engine/options.js';
import { createPackedModel, withoutNumbers } from './engine/packing.js';
import { PartialNetworks } from './engine/partial-networks.js';
import { createCheckedModel } from './engine/precision.js';
import { countMacs, outputStrides } from './graph/shapes.js';
import { locateModel } from './hub/index.js';
import { checkRevision } from './hub/options.js';
import { boxedFolder, type PublishedModel } from './hub/published.js';
import type { LoadOptions } from './load-options.js';
import { checkOwnSize, modelConfig, type ConfigOrigins, type SaidConfig } from './model-config.js';
import type { ModelInfo } from './model-info.js';
import { GhostNet } from './model.js';
import { cpu, type NativeModel, type Precision } from './native/native.js';
import { openNetwork, type OpenNetwork } from './networks/checkpoint.js';
import { gateOf } from './networks/gate.js';
import { headOf } from './networks/head-settings.js';
import { configOf } from './networks/said-classifier.js';
import { mainOutputs } from './networks/network.js';
import { saidConfig } from './said-config.js';
import { ownTurn } from './waiting/own-turn.js';

const loadOptions = [
  'threads',
  'revision',
  'onProgress',
  'precision',
  'part',
  'gate',
  'head',
  'globalPool',
  'classifierActivation',
  'labels',
  'preprocess',
  'signal',
] as const;

/**
 * Loads a model and makes it ready to run.
 *
 * @param source A folder in the layout of the Hugging Face hub (`config.json` with `model.safetensors`), a
 *   `.safetensors` file, a PyTorch checkpoint (`.pth`, `.pth.tar`, in the zip format or the one before it) or a
 *   MindSpore checkpoint (`.ckpt`); or the name of a published model (`ghostnetv2_100.in1k`) or of a repository on the
 *   hub (`org/name`), which is fetched into the cache that Hugging Face's libraries share. What exists as a path is a
 *   path. Default: the model in the box.
 * @throws {GhostNetError} ERR_GHOST_FILE, ERR_GHOST_HUB, ERR_GHOST_CHECKPOINT, ERR_GHOST_UNSAFE,
 *   ERR_GHOST_ARCHITECTURE, ERR_GHOST_ARGUMENT, ERR_GHOST_PRECISION or ERR_GHOST_NATIVE
 */
export async function load(source: string | URL = boxedFolder, options: LoadOptions = {}): Promise<GhostNet> {
  const given = readOptions(options, loadOptions);
  const threads = checkThreads(given.threads);
  const revision = checkRevision(given.revision);
  const onProgress = checkFunction<LoadOptions['onProgress']>('onProgress', given.onProgress, undefined);
  const part = checkPart(given.part);
  const gate = checkGate(given.gate);
  const head = checkHead(given.head);
  const classifier = checkClassifier(given);
  const signal = checkSignal(given.signal);
  const isa = forcedIsa(() => cpu().isas);
  const precision = checkPrecision(given.precision, isa, cpu);
  const said = await saidConfig(given);
  const { path, published } = await locateModel(source, revision, { signal, onProgress });
  const opened = await openNetwork(path, { signal, gate, head, classifier, part });
  try {
    return await prepare({ ...opened, published, said }, { threads, isa, precision }, signal);
  } finally {
    await opened.checkpoint.close();
  }
}

interface Source extends OpenNetwork {
  readonly published: PublishedModel | undefined;
  readonly said: SaidConfig;
}

async function prepare(
  { checkpoint, network, gate, head, classifier, graph: graphOf, published, said }: Source,
  { precision, ...options }: { threads: number; isa: string; precision: Precision | 'auto' },
  signal?: AbortSignal,
): Promise<GhostNet> {
  const graph = await graphOf(mainOutputs(network));
  await ownTurn();
  const known = modelConfig(network, checkpoint, published, said);
  const { config } = known;
  checkOwnSize(known, graph, checkpoint.file);
  const macs = countMacs(graph, config.preprocess.inputSize);
  const native =
    precision === 'auto'
      ? await createCheckedModel(graph, { ...options, file: checkpoint }, config.preprocess.inputSize, signal)
      : await createPackedModel(graph, { ...options, precision, file: checkpoint }, signal);
  const info = modelInfo(native, { checkpoint, network, gate, head, classifier }, known.origins, macs);
  const partial = new PartialNetworks({
    file: resolve(checkpoint.file),
    stamp: checkpoint.stamp,
    part: checkpoint.part,
    said: {
      gate: gate && gateOf(gate),
      head: head && headOf(head),
      classifier: classifier && configOf(classifier),
    },
    options: { ...options, precision: info.precision },
  });
  const main = { native, graph: withoutNumbers(graph), strides: outputStrides(graph) };
  return new GhostNet({ network, config, main, partial }, info);
}

function modelInfo(
  native: NativeModel,
  {
    checkpoint: { file, sizeBytes, unknownNames, part, parts, leftOut },
    network: { parameterCount, trainedCount },
    gate,
    head,
    classifier,
  }: Omit<OpenNetwork, 'graph'>,
  origins: ConfigOrigins,
  macs: number,
): ModelInfo {
  const { isa, threads, precision, weightBytes } = native.info();
  return {
    cpu: cpu().name,
    isa,
    threads,
    get activeThreads() {
      return native.info().activeThreads ?? 0;
    },
    precision,
    parameters: parameterCount,
    trainedParameters: trainedCount,
    macs,
    gate,
    head,
    classifier,
    origins,
    file,
    fileBytes: sizeBytes,
    part,
    parts,
    leftOut,
    unknownNames,
    weightBytes,
  };
}
