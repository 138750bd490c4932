import type { Shapes } from '../../formats/tensor.js';
import { mixingIn, mixingWords, type Mixing } from '../dfc-attention.js';
import type { Bottleneck } from '../ghost-stages.js';
import { wordsByModule } from '../layout-words.js';

/** What a ghost module's tensors tell beside its channels. */
export interface GhostParts {
  /** So many times the primary channels make the module's, of which the last are cut where they do not fit. */
  readonly ratio: number;
  /** Side of the cheap operation's kernel. */
  readonly cheap: number;
  /** Of DFC attention, where there is some. */
  readonly attention?: Mixing;
}

/** A network of the family that is not the papers' table: what its tensors tell, block by block. */
export interface Structure {
  readonly stages: readonly (readonly Bottleneck[])[];
  readonly stemChannels: number;
  /** 0 of a backbone, which ends with its stages. */
  readonly lastChannels: number;
  /** The same. */
  readonly headChannels: number;
  /** By the module's name, as `blocks.2.0.ghost1`. */
  readonly modules: ReadonlyMap<string, GhostParts>;
}

/** More than any network has, so that a file of names without end is looked at no longer. */
const mostStages = 64;
const mostBlocks = 64;

/**
 * What the tensors say of themselves, if they are a network of ghost bottlenecks at all: whether they are all there, and
 * fit each other, is for the layout to tell.
 */
export function structureOf(tensors: Shapes): Structure | undefined {
  const reader = new Reader(tensors);
  const stages: Bottleneck[][] = [];
  let channels = reader.size('conv_stem.weight', 0);
  const stemChannels = channels;
  while (stages.length < mostStages) {
    const blocks: Bottleneck[] = [];
    while (blocks.length < mostBlocks) {
      const block = reader.bottleneck(`blocks.${stages.length}.${blocks.length}`, channels);
      if (!block) break;
      blocks.push(block);
      channels = block.channels;
    }
    if (blocks.length === 0) break;
    stages.push(blocks);
  }
  const lastChannels = reader.size(`blocks.${stages.length}.0.conv.weight`, 0);
  const headChannels = reader.size('conv_head.weight', 0);
  if (stages.length === 0 || !stemChannels) return undefined;
  const { modules } = reader;
  const kernels = [
    ...stages.flat().flatMap(({ kernel, shortcutKernel }) => [kernel, shortcutKernel]),
    ...[...modules.values()].map(({ cheap }) => cheap),
  ];
  // Around an even one a map would not keep its size.
  if (kernels.some((side) => side % 2 === 0)) return undefined;
  return { stages, stemChannels, lastChannels, headChannels, modules };
}

/** What it is, in words for people: no name says it. */
export function wordsOf(structure: Structure): string[] {
  const { stages, modules } = structure;
  const blocks = stages.flat();
  const halved = halvings(structure);
  const squeezing = blocks.filter(({ squeezed }) => squeezed > 0).length;
  const found = [...modules].map(([name, { attention, cheap, ratio }]): [string, string[]] => [
    name,
    [
      ...(ratio === 2 ? [] : [`one primary channel of ${ratio}`]),
      ...(attention ? [mixingWords(attention)] : []),
      ...(cheap === 3 ? [] : [`cheap operation of ${cheap}x${cheap}`]),
    ],
  ]);
  return [
    `stages of ${stages.map((stage) => stage.length).join(', ')} blocks`,
    channelWords(structure),
    ...(halved.length > 0 ? [`halved in ${halved.join(', ')}`] : []),
    `squeeze-and-excitation in ${squeezing} of ${blocks.length} blocks`,
    ...wordsByModule(found, { modules: modules.size, everywhere: 'every ghost module' }),
  ];
}

function channelWords({ stages, stemChannels, lastChannels, headChannels }: Structure): string {
  const [stem, last, head] = [`stem ${stemChannels}`, `last ${lastChannels}`, `head ${headChannels}`];
  const after = `stages ${stages.map((blocks) => blocks.at(-1)!.channels).join(', ')}`;
  return `channels: ${[stem, after, ...(lastChannels > 0 ? [last] : []), ...(headChannels > 0 ? [head] : [])].join('; ')}`;
}

/** Of each block that halves the map which kernels do. */
function halvings({ stages }: Structure): string[] {
  return stages.flatMap((blocks, stage) =>
    blocks.flatMap(({ stride, kernel, shortcutKernel: around }, block) => {
      if (stride === 1) return [];
      const shortcut = around === kernel ? '' : `, the shortcut by ${around}x${around}`;
      return `${stage}.${block} by ${kernel}x${kernel}${shortcut}`;
    }),
  );
}

class Reader {
  readonly modules = new Map<string, GhostParts>();

  constructor(private readonly tensors: Shapes) {}

  /** 0 where there is no such tensor, or it has no such axis. */
  size(name: string, axis: number): number {
    return this.tensors.get(name)?.shape[axis] ?? 0;
  }

  bottleneck(name: string, inChannels: number): Bottleneck | undefined {
    if (!this.ghostModule(`${name}.ghost1`) || !this.ghostModule(`${name}.ghost2`)) return undefined;
    const middle = this.convolution(`${name}.ghost2.primary`, 1);
    const strided = this.convolution(`${name}.dw`, 2) || this.size(`${name}.conv_dw.weight`, 2);
    const around = this.size(`${name}.shortcut.0.weight`, 2);
    const attended = this.size(`${name}.ghost2.short_conv.0.weight`, 0);
    return {
      kernel: strided || around || 3,
      shortcutKernel: around || strided || 3,
      middle,
      channels: this.size(`${name}.shortcut.2.weight`, 0) || attended || inChannels,
      squeezed: this.size(`${name}.se.conv_reduce.weight`, 0),
      stride: strided ? 2 : 1,
    };
  }

  private ghostModule(name: string): boolean {
    const cheap = this.convolution(`${name}.cheap`, 2);
    const ratio = 1 + this.convolution(`${name}.cheap`, 0) / this.convolution(`${name}.primary`, 0);
    if (!cheap || !Number.isSafeInteger(ratio)) return false;
    const attention = mixingIn(this.tensors, name);
    this.modules.set(name, { ratio, cheap, ...(attention && { attention }) });
    return true;
  }

  /** A size of a convolution's weight, which version 3 trains as a sum of branches. */
  private convolution(name: string, axis: number): number {
    const plain = { primary: '_conv.0', cheap: '_operation.0', dw: '' }[name.slice(name.lastIndexOf('.') + 1)]!;
    return (
      this.size(`${name}_rpr_conv.0.conv.weight`, axis) || (plain && this.size(`${name}${plain}.weight`, axis)) || 0
    );
  }
}
