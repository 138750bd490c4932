import type { Shapes } from '../../formats/tensor.js';
import { mixingIn, mixingWords, publishedMixing } from '../dfc-attention.js';
import { divisible } from '../divisible.js';
import { wordsByModule } from '../layout-words.js';
import type { Description, Family } from '../network.js';
import { bothEndsOf, recognisers, type BothEnds } from '../variants.js';
import { hundredthsOf, widthsWith } from '../widths.js';
import { addBackbone, layoutOf } from './layout.js';
import { headChannels, lastChannels, repeats, stages, stemChannels, type Variant } from './table.js';

/** Others with inverted residuals have squeeze-and-excitation in some of them. */
function hasItsBlocks(names: readonly string[]): boolean {
  return names.includes('blocks.6.0.conv_pwl.weight') && !names.some((name) => /^blocks\.\d+\.\d+\.se\./.test(name));
}

/** timm's deeper networks have a `d` behind their width; it knows none with attention. */
function descriptionOf(variant: Variant): Description {
  const { width } = variant;
  const deeper = variant.repeats.some((count, stage) => count !== repeats.paper[stage]);
  const name = `mobilenetv2_${hundredthsOf(width)}${deeper ? 'd' : ''}`;
  if (variant.attention.size === 0) return { architecture: name, kind: 'MobileNetV2', width };
  const found = [...variant.attention].map(([block, mixing]) => [block, [mixingWords(mixing)]] as const);
  const expanded = variant.repeats.slice(1).reduce((sum, count) => sum + count, 0);
  const layout = wordsByModule(found, { modules: expanded, everywhere: 'every block with an expansion' });
  return { architecture: `${name}_dfc`, kind: 'MobileNetV2 with DFC attention', width, layout };
}

function namedVariant(architecture: string): Omit<Variant, keyof BothEnds | 'attention'> | undefined {
  const [, hundredths, deeper] = /^mobilenetv2_(\d{3})(d?)(?:_dfc)?(?:\.|$)/.exec(architecture) ?? [];
  if (hundredths === undefined) return undefined;
  const width = Number(hundredths) / 100;
  if (!deeper) return { width, repeats: repeats.paper, ...endsOf(width) };
  const deep = { '110': repeats['110d'], '120': repeats['120d'] }[hundredths];
  return deep && { width, repeats: deep, stemChannels, headChannels };
}

/** A wider network has a wider head, a narrower one has not. */
function endsOf(width: number): Pick<Variant, 'stemChannels' | 'headChannels'> {
  return {
    stemChannels: divisible(stemChannels * width, 8),
    headChannels: Math.max(headChannels, divisible(headChannels * width, 8)),
  };
}

/** A block with attention has expanded channels, which the first stage's has not. */
const gated = /^(blocks\.[1-6]\.\d+)\.short_conv\.0\.weight$/;

/** How many blocks there are, and channels of the ends, is as found. */
function candidates(tensors: Shapes): Variant[] {
  const channelsOf = (name: string): number | undefined => tensors.get(name)?.shape[0];
  const found = stages.map((_, stage) => blocksOf(tensors, stage));
  const blocks = [...tensors.keys()].flatMap((name) => gated.exec(name)?.[1] ?? []);
  const attention = new Map(blocks.map((name) => [name, mixingIn(tensors, name) ?? publishedMixing]));
  const widths = widthsWith(channelsOf('blocks.6.0.conv_pwl.weight') ?? lastChannels, lastChannels, 8);
  return widths.map((width) => {
    const ends = endsOf(width);
    return {
      ...bothEndsOf(tensors),
      width,
      repeats: found,
      attention,
      stemChannels: channelsOf('conv_stem.weight') ?? ends.stemChannels,
      headChannels: channelsOf('conv_head.weight') ?? ends.headChannels,
    };
  });
}

/** More than any network has, so that a file of names without end is looked at no longer. */
const mostBlocks = 64;

function blocksOf(tensors: Shapes, stage: number): number {
  let count = 0;
  while (count < mostBlocks && tensors.has(`blocks.${stage}.${count}.conv_dw.weight`)) count++;
  return Math.max(1, count);
}

const recognise = recognisers<Variant>(
  {
    describe: descriptionOf,
    layout: layoutOf,
    addBackbone,
    named: namedVariant,
    unlikeTimm: ({ attention }) =>
      attention.size > 0
        ? "holds a MobileNetV2 with DFC attention, and timm's has none: it cannot be written for timm."
        : undefined,
  },
  candidates,
);

/** MobileNetV2 of any width and depth, as timm has it; also with DFC attention in its blocks. */
export const mobileNetV2: Family = {
  architectures: /^mobilenetv2_(?!.*_fpn$)/,
  claims: (names) => names.includes('conv_head.weight') && hasItsBlocks(names),
  recognise: recognise.network,
  backbones: { claims: hasItsBlocks, recognise: recognise.backbone },
  firstTensor: 'conv_stem.weight',
  classifier: 'classifier',
};
