const blocksOfStages = [1, 1, 1, 1, 1, 1, 5, 1, 4];

/** MindSpore's name of a tensor of timm's. */
export function mindSporeName(name: string): string {
  const flat = (stage: number, block: number): number =>
    blocksOfStages.slice(0, stage).reduce((sum, count) => sum + count, block);
  const unit = (index: string): string => (Number(index) % 2 === 0 ? 'conv' : 'bn');
  const renamed = name
    .replace(/^blocks\.(\d+)\.(\d+)\./, (_, stage: string, block: string) => `blocks.${flat(+stage, +block)}.`)
    .replace(/^blocks\.16\.bn1\./, 'blocks.16.bn.')
    .replace(/\.(primary_conv|cheap_operation)\.([01])\./, (_, module: string, i: string) => `.${module}.${unit(i)}.`)
    .replace(
      /\.(short_conv|shortcut)\.([0-5])\./,
      (_, module: string, i: string) => `.${module}.${Math.floor(+i / 2)}.${unit(i)}.`,
    )
    .replace('.conv_dw.', '.dw.conv.')
    .replace('.bn_dw.', '.dw.bn.');
  if (!/(?:^|\.)bn1?\.[a-z_]+$/.test(renamed)) return renamed;
  return renamed
    .replace(/\.weight$/, '.gamma')
    .replace(/\.bias$/, '.beta')
    .replace(/\.running_mean$/, '.moving_mean')
    .replace(/\.running_var$/, '.moving_variance');
}
