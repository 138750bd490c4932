import { once } from 'node:events';
import type { Classification } from '../../tasks/classification.js';
import { jsonText, visible } from './escape.js';

/** To standard output: a line of results, with nothing in it that steers the terminal. */
export function print(line: string): void {
  process.stdout.write(`${visible(line)}\n`);
}

/** To standard output: an object on a line of its own. */
export function printJson(value: unknown): void {
  process.stdout.write(`${jsonText(value)}\n`);
}

/** To standard output: bytes, no faster than they are read there. */
export async function writeOut(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  if (!process.stdout.write(bytes)) await once(process.stdout, 'drain', { signal });
}

/** To standard error. */
export function say(sentence: string): void {
  process.stderr.write(`ghostnet: ${visible(sentence)}\n`);
}

/** To standard error: a text of several lines. */
export function sayPage(page: string): void {
  process.stderr.write(`ghostnet: ${page.split('\n').map(visible).join('\n')}\n`);
}

/** To standard error: what went wrong with a part of the work, which goes on. The command will end with 1. */
export function reportFault(sentence: string): void {
  say(sentence);
  process.exitCode = 1;
}

/**
 * A reader that closes the pipe early (ghostnet ... | head) is no failure, and the work ends; a disk that is full is
 * one. Where standard error cannot be written, nobody can be told.
 */
export function endWithOutput(): void {
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') reportFault(`Standard output cannot be written (${error.message}).`);
    process.exit();
  });
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

export function percent(probability: number): string {
  return `${(100 * probability).toFixed(1)} %`;
}

/** A class's probability in percent, or its logit. */
export function inFigures({ probability }: Classification, isProbability: boolean): string {
  return isProbability ? percent(probability) : probability.toFixed(3);
}

/** As it is printed in JSON. */
export function rounded({ index, label, probability }: Classification): Classification {
  return { index, label, probability: round(probability, 6) };
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

export function classesText(count: number): string {
  return count === 0 ? 'no classifier' : `${count} class${count === 1 ? '' : 'es'}`;
}

export function platform(): string {
  return `${process.platform} ${process.arch}`;
}
