import { Command } from 'commander';
import { GhostNetError } from '../errors.js';
import { load } from '../ghostnet.js';
import type { Classification } from '../results.js';
import { jsonOption, modelOption, threadsOption, topOption } from './options.js';

interface Options {
  model?: string;
  threads?: number;
  top: number;
  json?: boolean;
}

export function classifyCommand(): Command {
  return new Command('classify')
    .description('Prints the most probable classes of each image.')
    .argument('<image...>', 'JPEG, PNG, WebP, AVIF, GIF or TIFF files')
    .addOption(modelOption())
    .addOption(topOption())
    .addOption(threadsOption())
    .addOption(jsonOption())
    .action(classify);
}

async function classify(images: string[], options: Options): Promise<void> {
  const model = await load(options.model, options.threads ? { threads: options.threads } : {});
  // With several images, one line each; a bad one is reported and the others still come.
  const single = images.length === 1;
  const nameWidth = Math.max(...images.map((image) => image.length));
  for (const image of images) {
    const start = performance.now();
    try {
      const top = await model.classify(image, { topK: options.top });
      const latencyMs = performance.now() - start;
      if (options.json) print(JSON.stringify({ image, latencyMs: round(latencyMs, 2), top: top.map(rounded) }));
      else if (single) printTable(image, top, latencyMs);
      else print(`${image.padEnd(nameWidth)}  ${latencyMs.toFixed(1).padStart(6)} ms  ${top.map(inWords).join('; ')}`);
    } catch (error) {
      if (single || !(error instanceof GhostNetError)) throw error;
      process.stderr.write(`ghostnet: ${error.message}\n`);
      process.exitCode = 1;
    }
  }
  await model.dispose();
}

function printTable(image: string, top: readonly Classification[], latencyMs: number): void {
  print(`${image}  (${latencyMs.toFixed(1)} ms)`);
  const width = Math.max(...top.map(({ label }) => label.length));
  for (const { label, probability } of top) print(`  ${label.padEnd(width)}  ${percent(probability).padStart(6)}`);
}

function inWords({ label, probability }: Classification): string {
  return `${label} ${percent(probability)}`;
}

function percent(probability: number): string {
  return `${(100 * probability).toFixed(1)} %`;
}

function rounded({ index, label, probability }: Classification): Classification {
  return { index, label, probability: round(probability, 6) };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
