#!/usr/bin/env node
import { CommanderError } from 'commander';
import { GhostNetError } from '../errors.js';
import { endWithOutput, say, sayPage } from './output/print.js';
import { createProgram } from './program.js';
import { commandArguments } from './pictures/raw-paths.js';
import { standardInputIsPiped } from './pictures/standard-input.js';

/** Bad use, as opposed to bad input: the command line itself is wrong. */
const exitBadUse = 2;
const exitBadInput = 1;

/** They read standard input. */
const streamCommands = ['classify', 'detect', 'segment'];

async function main(): Promise<void> {
  const program = createProgram();
  try {
    // Who types the name alone wants to know what there is.
    if (process.argv.length <= 2) program.outputHelp();
    else await program.parseAsync(commandArguments(), { from: 'user' });
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): void {
  if (error instanceof CommanderError) {
    // Help and version end here too, with code 0.
    if (error.exitCode === 0) return;
    // Commander puts its guess at a misspelt word on a line of its own.
    const message = error.message
      .replace(/^error: /, '')
      .replaceAll('\n', ' ')
      .replace(/\.$/, '');
    const sentence = error.code === 'commander.help' ? 'no command given' : message;
    const command = process.argv[2] ?? '';
    say(
      `${sentence}. ${missesDash(error, command) ? `Standard input is read by: ghostnet ${command} -` : 'Try ghostnet --help'}.`,
    );
    process.exitCode = exitBadUse;
    return;
  }
  process.exitCode = exitBadInput;
  // That no binary fits takes a page of help to say.
  if (error instanceof GhostNetError) (error.code === 'ERR_GHOST_NATIVE' ? sayPage : say)(error.message);
  else {
    sayPage(
      `An unexpected error, which is a fault of ghostnet's own: ${String((error as Error | undefined)?.stack ?? error)}`,
    );
    process.exit();
  }
}

/** A picture was piped in, and nobody said so. */
function missesDash({ code }: CommanderError, command: string): boolean {
  return code === 'commander.missingArgument' && streamCommands.includes(command) && standardInputIsPiped();
}

endWithOutput();
void main();
