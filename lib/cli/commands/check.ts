import { Command } from 'commander';
import { GhostNetError } from '../../errors.js';
import type { GhostNet } from '../../model.js';
import { loadModel, type ModelOptions } from '../load.js';
import { jsonOption, positiveNumber, precisionOption, threadsOption, weightsOptions, withOptions } from '../options.js';
import { print, printJson } from '../output/print.js';
import { readReference, type Reference } from '../parity/reference.js';
import { untilStopped } from '../stop.js';

interface Options extends Omit<ModelOptions, 'model'> {
  tolerance: number;
  json?: boolean;
}

const help = `
Without a reference the Python that writes one is printed. The error is the largest difference of a logit, as a share of the largest
logit (or of 1, if that is less). The status is 1 where it is above the tolerance.
`;

export function checkCommand(): Command {
  return withOptions(
    new Command('check')
      .description("Compares a model's logits with those that your own PyTorch has computed.")
      .argument('<model>', 'a model folder, a checkpoint, or the name of a published model or of a repository')
      .argument('[reference]', 'an .npz or .json file with input [n, c, h, w] and logits [n, classes]')
      .option('--tolerance <share>', 'largest error', positiveNumber, 1e-4)
      .addOption(jsonOption())
      .addHelpText('after', help)
      .action((model: string, reference: string | undefined, options: Options) =>
        untilStopped((signal) => check(model, reference, options, signal)),
      ),
    [...weightsOptions(), threadsOption(), precisionOption()],
  );
}

async function check(name: string, path: string | undefined, options: Options, signal: AbortSignal): Promise<void> {
  const reference = path === undefined ? undefined : await readReference(path);
  const model = await loadModel({ ...options, model: name }, signal);
  try {
    checkTask(model);
    if (reference === undefined) snippet(model).forEach(print);
    else await compare(model, reference, options, signal);
  } finally {
    await model.dispose();
  }
}

function checkTask({ config, task }: GhostNet): void {
  if (task === 'classification') return;
  const message = `${config.architecture} is made for ${task}, and what is compared are the logits of classifiers. infer() gives its outputs by their names.`;
  throw new GhostNetError('ERR_GHOST_TASK', message);
}

/** As many as float32 tells apart. */
const digits = (value: number): number => Number(value.toPrecision(7));

/** Ten lines of Python, for somebody who has the network there. */
function snippet({ config: { preprocess } }: GhostNet): string[] {
  const [height, width] = preprocess.inputSize;
  return `# Writes reference.npz, for: ghostnet check MODEL reference.npz
import numpy, torch

model = ...  # your network with its weights, in float32
model.eval()
torch.manual_seed(0)
input = torch.randn(1, ${preprocess.mean.length}, ${height}, ${width})
with torch.no_grad():
    logits = model(input)
numpy.savez('reference.npz', input=input.numpy(), logits=logits.numpy())`.split('\n');
}

async function compare(
  model: GhostNet,
  { input, logits }: Reference,
  { tolerance, json }: Options,
  signal: AbortSignal,
): Promise<void> {
  const found = await model.infer(
    { data: input.data, shape: input.shape as [number, number, number, number] },
    { signal },
  );
  if (found.shape[1] !== logits.shape[1])
    throw new GhostNetError(
      'ERR_GHOST_SHAPE',
      `The reference has ${logits.shape[1]} logits for each picture, the model ${found.shape[1]}: they are not of one network.`,
    );
  let [largest, scale, at] = [0, 1, 0];
  for (const [i, wanted] of logits.data.entries()) {
    const difference = Math.abs(found.data[i]! - wanted);
    // NaN is as far away as can be.
    if (!(difference <= largest)) [largest, at] = [difference, i];
    scale = Math.max(scale, Math.abs(wanted));
  }
  const [error, classes] = [largest / scale, logits.shape[1]];
  const isSame = error <= tolerance;
  if (!isSame) process.exitCode = 1;
  const worst = {
    picture: Math.floor(at / classes),
    index: at % classes,
    found: digits(found.data[at]!),
    expected: digits(logits.data[at]!),
  };
  if (json) {
    printJson({
      model: model.config.architecture,
      isSame,
      error: Number(error.toPrecision(3)),
      tolerance,
      logits: logits.data.length,
      worst,
    });
    return;
  }
  print(
    `${isSame ? 'pass' : 'FAIL'}  largest error ${error.toExponential(1)} of the largest logit, of ${logits.data.length} logits; at most ${tolerance} is wanted`,
  );
  if (!isSame)
    print(`      logit ${worst.index} of picture ${worst.picture} is ${worst.found}, and should be ${worst.expected}`);
}
