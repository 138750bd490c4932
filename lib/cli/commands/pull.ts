import { Command } from 'commander';
import { GhostNetError } from '../../errors.js';
import { defaultRevision, fetchModel } from '../../hub/index.js';
import { publishedModels } from '../../hub/published.js';
import { modelSource } from '../../hub/source.js';
import { checkRevision } from '../../hub/options.js';
import { jsonOption, revisionOption } from '../options.js';
import { print, printJson } from '../output/print.js';
import { withProgressBar } from '../output/progress.js';
import { untilStopped } from '../stop.js';

interface Options {
  revision?: string;
  json?: boolean;
}

const help = (): string => `
Published models: ${publishedModels()
  .map(({ name }) => name)
  .join(', ')}

The cache is the one of Hugging Face's libraries: HF_HUB_CACHE, or HF_HOME/hub, or ~/.cache/huggingface/hub.
`;

export function pullCommand(): Command {
  return new Command('pull')
    .description('Fetches a model into the cache, so that it loads without a network, and prints where it is.')
    .argument('<name>', 'a published model, or a repository of the Hugging Face hub as org/name')
    .addOption(revisionOption())
    .addOption(jsonOption())
    .addHelpText('after', help)
    .action((name: string, options: Options) => untilStopped((signal) => pull(name, options, signal)));
}

async function pull(name: string, options: Options, signal: AbortSignal): Promise<void> {
  const revision = checkRevision(options.revision) ?? defaultRevision;
  const source = await modelSource(name);
  if ('path' in source) {
    throw new GhostNetError(
      'ERR_GHOST_ARGUMENT',
      `${name} is a path, and pull takes a model's name. A path needs no pulling: load it.`,
    );
  }
  const { repository, commit, folder } = await withProgressBar((onProgress) =>
    fetchModel({ repository: source.repository, revision }, { signal, onProgress, newest: true }),
  );
  if (options.json) printJson({ repository, revision, commit, folder });
  else print(folder);
}
