import { stat } from 'node:fs/promises';
import { Command } from 'commander';
import { hubWeightsIn } from '../../checkpoints/hub-folder.js';
import { cachedModels, type CachedModel } from '../../hub/cached-models.js';
import { boxedFolder, boxedModel, publishedModels, type PublishedModel } from '../../hub/published.js';
import { hubSettings } from '../../hub/settings.js';
import { families } from '../../networks/registry.js';
import { jsonOption } from '../options.js';
import { megabytes, print, printJson } from '../output/print.js';

const help = `
The first comes with the package: it is what a command takes without --model, and what load() takes without a name, offline too.
"cached" is the size of the weights that the cache has: they load without a network. ghostnet pull NAME fetches others. The cache is
shared with Hugging Face's libraries; of what else lies there, models whose config.json names an architecture of these families
are listed. ghostnet info --model NAME tells what a model or a file holds.
`;

export function modelsCommand(): Command {
  return new Command('models')
    .description('Lists the model in the box, those that are published, and those that the cache has.')
    .addOption(jsonOption())
    .addHelpText('after', help)
    .action(async ({ json }: { json?: boolean }) => {
      const cached = await cachedModels(await hubSettings());
      const rows = [
        await ofBoxed(),
        ...publishedModels().map((model) => ofPublished(model, cached)),
        ...cached.filter(isOther).map(ofCached),
      ];
      if (json) rows.forEach(printJson);
      else printRows(rows);
    });
}

interface Row {
  readonly name: string;
  /** None of the model that comes with the package. */
  readonly repository: string | null;
  readonly architecture: string;
  readonly inputSize: readonly [height: number, width: number] | null;
  readonly data: string | null;
  readonly top1Percent: number | null;
  readonly top5Percent: number | null;
  readonly cachedBytes: number | null;
  readonly folder: string | null;
}

async function ofBoxed(): Promise<Row> {
  const sizes = await hubWeightsIn(boxedFolder).then((files) => Promise.all((files ?? []).map((file) => stat(file))));
  const cachedBytes = sizes.reduce((sum, { size }) => sum + size, 0);
  return { ...boxedModel(), repository: null, cachedBytes, folder: boxedFolder };
}

function ofPublished(model: PublishedModel, cached: readonly CachedModel[]): Row {
  const { name, repository, architecture, data, top1Percent, top5Percent, preprocess } = model;
  const found = cached.find((one) => one.repository === repository);
  return {
    ...{ name, repository, architecture, inputSize: preprocess.inputSize, data, top1Percent, top5Percent },
    cachedBytes: found?.sizeBytes ?? null,
    folder: found?.folder ?? null,
  };
}

function isOther({ repository, architecture }: CachedModel): boolean {
  const isPublished = publishedModels().some((model) => model.repository === repository);
  return (
    !isPublished && architecture !== undefined && families.some(({ architectures }) => architectures.test(architecture))
  );
}

function ofCached({ repository, architecture, sizeBytes, folder }: CachedModel): Row {
  const unknown = { inputSize: null, data: null, top1Percent: null, top5Percent: null };
  return { name: repository, repository, architecture: architecture!, ...unknown, cachedBytes: sizeBytes, folder };
}

function printRows(rows: readonly Row[]): void {
  const percent = (share: number | null): string => (share === null ? '' : `${share.toFixed(2)} %`);
  const cells = [
    ['name', 'architecture', 'input', 'top-1', 'top-5', 'cached'],
    ...rows.map(({ name, repository, architecture, inputSize, top1Percent, top5Percent, cachedBytes }) => [
      ...[name, architecture, inputSize?.join('x') ?? '', percent(top1Percent), percent(top5Percent)],
      cachedBytes === null ? '' : `${megabytes(cachedBytes)}${repository === null ? ', in the box' : ''}`,
    ]),
  ];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  for (const row of cells) print(row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ').trimEnd()); // prettier-ignore
}
