import { Command } from 'commander';
import { exportModel } from '../../export/index.js';
import {
  imageSize,
  jsonOption,
  outputName,
  saidGate,
  saidClassifier,
  weightsOptions,
  withOptions,
  type GateFlags,
  type ClassifierFlags,
} from '../options.js';
import { labelsOption, preprocessOptions, saidPreprocess, type PreprocessFlags } from '../preprocess-options.js';
import { megabytes, print, printJson } from '../output/print.js';
import { withProgressBar } from '../output/progress.js';
import { untilStopped } from '../stop.js';

interface Options extends GateFlags, ClassifierFlags, PreprocessFlags {
  labels?: string;
  revision?: string;
  part?: string;
  half?: boolean;
  force?: boolean;
  json?: boolean;
}

const help = `
  ghostnet export ghostnetv2_100.in1k ghostnetv2.onnx           for onnxruntime and other engines: float32, any batch
  ghostnet export checkpoint.pth.tar model.safetensors --half   for timm and others, with the config.json that they read
`;

export function exportCommand(): Command {
  return withOptions(
    new Command('export')
      .description("Writes a model for other engines, as ONNX or as safetensors with timm's names.")
      .argument('<model>', 'a model folder, a checkpoint, or the name of a published model or of a repository')
      .argument('<file>', 'the file to write, .onnx or .safetensors', outputName)
      .option('--half', 'of .safetensors: float16 in place of float32')
      .option(
        '--size <pixels>',
        "of .onnx: height and width of the input, as 224 or 192x256 (default: the model's)",
        imageSize,
      )
      .option('-f, --force', 'replace files that exist')
      .addOption(jsonOption())
      .addHelpText('after', help)
      .action((model: string, file: string, options: Options) =>
        untilStopped((signal) => exportTo(model, file, options, signal)),
      ),
    [...weightsOptions(), labelsOption(), ...preprocessOptions().filter(({ long }) => long !== '--size')],
  );
}

async function exportTo(
  model: string,
  file: string,
  { revision, part, half, size, force, json, labels, ...flags }: Options,
  signal: AbortSignal,
): Promise<void> {
  const options = {
    ...(revision !== undefined && { revision }),
    ...(part !== undefined && { part }),
    ...(labels !== undefined && { labels }),
    preprocess: saidPreprocess(flags),
    gate: saidGate(flags),
    ...saidClassifier(flags),
    ...(half !== undefined && { half }),
    ...(size && { inputSize: size }),
    ...(force !== undefined && { overwrite: force }),
  };
  const { files, sizeBytes, config } = await withProgressBar((onProgress) =>
    exportModel(model, file, { ...options, onProgress, signal }),
  );
  const { architecture, numClasses } = config;
  if (json) printJson({ files, sizeBytes, architecture, numClasses });
  else print(`${files.join(', ')}: ${architecture}, ${numClasses} classes, ${megabytes(sizeBytes)}`);
}
