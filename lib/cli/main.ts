#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { GhostNetError } from '../errors.js';
import { attentionCommand } from './attention.js';
import { benchCommand } from './bench.js';
import { classifyCommand } from './classify.js';
import { embedCommand } from './embed.js';
import { exportCommand } from './export.js';
import { infoCommand } from './info.js';
import { pullCommand } from './pull.js';
import { similarCommand } from './similar.js';
import { version } from './version.js';

/** Bad use, as opposed to bad input: the command line itself is wrong. */
const exitBadUse = 2;
const exitBadInput = 1;

async function main(): Promise<void> {
  const program = new Command('ghostnet')
    .description('Classifies images with the GhostNet family of networks.')
    .version(version)
    .addCommand(classifyCommand())
    .addCommand(infoCommand())
    .addCommand(benchCommand())
    .addCommand(pullCommand())
    .addCommand(embedCommand())
    .addCommand(similarCommand())
    .addCommand(attentionCommand())
    .addCommand(exportCommand());
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({ outputError: () => undefined, writeErr: () => undefined }).showHelpAfterError(false);
  }
  try {
    await program.parseAsync();
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): void {
  if (error instanceof CommanderError) {
    // Help and version end here too, with code 0.
    if (error.exitCode === 0) return;
    // Commander puts its guess at a misspelt word on a line of its own.
    const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ').replace(/\.$/, '');
    const sentence = error.code === 'commander.help' ? 'no command given' : message;
    report(`${sentence}. Try ghostnet --help.`, exitBadUse);
  } else if (error instanceof GhostNetError) {
    report(error.message, exitBadInput);
  } else {
    throw error;
  }
}

function report(sentence: string, exitCode: number): void {
  process.stderr.write(`ghostnet: ${sentence}\n`);
  process.exitCode = exitCode;
}

// A reader that closes the pipe early (ghostnet ... | head) is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

void main();
