import { Argument, Command } from 'commander';
import { bashCompletion } from '../completion/bash.js';
import { definitions } from '../completion/definitions.js';
import { fishCompletion } from '../completion/fish.js';
import { zshCompletion } from '../completion/zsh.js';

const shells = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

const help = `
  bash, in ~/.bashrc:                 eval "$(ghostnet completion bash)"
  zsh, in ~/.zshrc after compinit:    source <(ghostnet completion zsh)
  fish, once:                         ghostnet completion fish > ~/.config/fish/completions/ghostnet.fish
`;

export function completionCommand(): Command {
  return new Command('completion')
    .description('Prints a script by which a shell completes commands, options, models and files.')
    .addArgument(new Argument('<shell>', 'which one').choices(Object.keys(shells)))
    .addHelpText('after', help)
    .action((shell: keyof typeof shells, _: object, command: Command) => {
      process.stdout.write(shells[shell](definitions(command.parent!)));
    });
}
