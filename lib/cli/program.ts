import { Command } from 'commander';
import { attentionCommand } from './commands/attention.js';
import { benchCommand } from './commands/bench.js';
import { checkCommand } from './commands/check.js';
import { classifyCommand } from './commands/classify.js';
import { completionCommand } from './commands/completion.js';
import { detectCommand } from './commands/detect.js';
import { embedCommand } from './commands/embed.js';
import { evaluateCommand } from './commands/evaluate.js';
import { exportCommand } from './commands/export.js';
import { infoCommand } from './commands/info.js';
import { modelsCommand } from './commands/models.js';
import { pullCommand } from './commands/pull.js';
import { segmentCommand } from './commands/segment.js';
import { similarCommand } from './commands/similar.js';
import { version } from './version.js';

/** All commands. What is wrong with a command line is thrown as a CommanderError, and nothing is printed. */
export function createProgram(): Command {
  const program = new Command('ghostnet')
    .description(
      'Classifies images, finds objects on them and tells what their pixels are, with GhostNets and networks like them.',
    )
    .version(version)
    .addCommand(classifyCommand())
    .addCommand(detectCommand())
    .addCommand(segmentCommand())
    .addCommand(infoCommand())
    .addCommand(benchCommand())
    .addCommand(modelsCommand())
    .addCommand(pullCommand())
    .addCommand(embedCommand())
    .addCommand(similarCommand())
    .addCommand(attentionCommand())
    .addCommand(evaluateCommand())
    .addCommand(checkCommand())
    .addCommand(exportCommand())
    .addCommand(completionCommand());
  for (const command of [program, ...program.commands]) {
    command
      .exitOverride()
      .configureOutput({ outputError: () => undefined, writeErr: () => undefined })
      .showHelpAfterError(false);
  }
  return program;
}
