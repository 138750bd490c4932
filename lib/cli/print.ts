import type { Classification } from '../results.js';

/** To standard output: results. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** To standard error: what went wrong with a part of the work, which goes on. The command will end with 1. */
export function reportFault(sentence: string): void {
  process.stderr.write(`ghostnet: ${sentence}\n`);
  process.exitCode = 1;
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

export function percent(probability: number): string {
  return `${(100 * probability).toFixed(1)} %`;
}

export function inWords({ label, probability }: Classification): string {
  return `${label} ${percent(probability)}`;
}

/** As it is printed in JSON. */
export function rounded({ index, label, probability }: Classification): Classification {
  return { index, label, probability: round(probability, 6) };
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

export function platform(): string {
  return `${process.platform} ${process.arch}`;
}
