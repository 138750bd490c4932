import type { Argument, Command, Option } from 'commander';
import { publishedModels } from '../../hub/published.js';

/** What may stand in a place: some words, a file, both, or what nobody can guess. */
export interface Values {
  readonly words: readonly string[];
  readonly files: boolean;
}

export interface CompletedOption {
  /** `-m`, if there is one. */
  readonly short?: string;
  /** `--model` */
  readonly long: string;
  readonly description: string;
  /** Absent where it takes no value. */
  readonly values?: Values;
}

export interface CompletedCommand {
  readonly name: string;
  readonly description: string;
  readonly options: readonly CompletedOption[];
  /** Of its arguments, in order; the last one is for all that follow. Empty where it takes none. */
  readonly arguments: readonly Values[];
}

/** What there is to complete, as the commands define it; the first is the program itself. */
export function definitions(program: Command): [CompletedCommand, ...CompletedCommand[]] {
  const help = program.createHelp();
  const commands = help.visibleCommands(program);
  const names: Values = { words: commands.map((command) => command.name()), files: false };
  const completed = (command: Command): CompletedCommand => ({
    name: command.name(),
    description: command.description(),
    options: help.visibleOptions(command).map(optionOf),
    arguments: command.name() === 'help' ? [names] : command.registeredArguments.map(valuesOfArgument),
  });
  return [{ ...completed(program), arguments: [names] }, ...commands.map(completed)];
}

function optionOf({ short, long, description, flags, argChoices }: Option): CompletedOption {
  const placeholder = /<(.*)>/.exec(flags)?.[1];
  return {
    long: long!,
    description,
    ...(short !== undefined && { short }),
    ...(placeholder !== undefined && { values: valuesOf(placeholder, argChoices) }),
  };
}

function valuesOfArgument(argument: Argument): Values {
  // Only a model that has not been fetched is asked for by its name alone.
  return argument.name() === 'name'
    ? { words: modelNames(), files: false }
    : valuesOf(argument.name(), argument.argChoices);
}

function valuesOf(placeholder: string, choices: readonly string[] | undefined): Values {
  const isModel = placeholder === 'path or name' || placeholder === 'model';
  return {
    words: choices ?? (isModel ? modelNames() : []),
    files: isModel || ['file', 'image', 'query'].includes(placeholder),
  };
}

function modelNames(): string[] {
  return publishedModels().map(({ name }) => name);
}
