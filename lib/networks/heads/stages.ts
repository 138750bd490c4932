import { GhostNetError } from '../../errors.js';
import type { Shapes } from '../../formats/tensor.js';
import type { Blueprint } from '../../graph/blueprint.js';
import type { NodeId } from '../../graph/graph.js';
import type { Level } from '../../head-config.js';

/** The stages of a backbone, as heads find theirs among them. */
export class Stages {
  private readonly features: ReturnType<Blueprint['features']>;
  private readonly endsWithFeature: boolean;

  /** @param net with the backbone and nothing else */
  constructor(private readonly net: Blueprint) {
    this.features = net.features();
    this.endsWithFeature = this.features.at(-1)?.byDefault ?? false;
  }

  /**
   * The map of so many channels. Where several have as many, those that a backbone was cut off for are meant: one that ends with
   * a feature of timm's was made by its `features_only`, and of others frameworks take the last map of a resolution. Where
   * none has, the last feature, and its channels are the fault that is found.
   */
  withChannels(channels: number): NodeId {
    const fitting = this.features.filter(({ node }) => this.net.channelsOf(node) === channels);
    const usual = this.endsWithFeature ? fitting.filter(({ byDefault }) => byDefault) : fitting;
    return (usual.at(-1) ?? fitting.at(-1) ?? this.features.at(-1)!).node;
  }

  /** So many of timm's features that end with the last of so many channels, the largest map first. */
  upTo(channels: number, count: number): readonly NodeId[] {
    const all = this.byDefault;
    const last = all.findLastIndex((node) => this.net.channelsOf(node) === channels);
    const end = last < 0 ? all.length : last + 1;
    return all.slice(Math.max(0, end - count), end);
  }

  /** timm's features from the first on, the largest map first. */
  get byDefault(): readonly NodeId[] {
    return this.features.filter(({ byDefault }) => byDefault).map(({ node }) => node);
  }

  /**
   * The map of each of `levels`, as somebody says, or else as channels tell.
   *
   * @throws {GhostNetError} ERR_GHOST_ARCHITECTURE for a stage that the backbone has not
   */
  levels(said: readonly Level[] | undefined, channels: readonly number[]): readonly NodeId[] {
    if (!said) return channels.map((count) => this.withChannels(count));
    const known = this.features.map(({ node }) => this.levelOf(node));
    return said.map((level) => {
      const found = known.indexOf(level);
      if (found >= 0) return this.features[found]!.node;
      const message = `levels names ${level === 'stem' ? 'the' : 'stage'} ${level}, which the backbone has not; it has ${known.join(', ')}.`;
      throw new GhostNetError('ERR_GHOST_ARCHITECTURE', message);
    });
  }

  /** Of one of its maps. */
  levelOf(node: NodeId): Level {
    const name = this.features.find((feature) => feature.node === node)?.name;
    const stage = /^blocks\.(\d+)$/.exec(name ?? '')?.[1];
    return stage === undefined ? 'stem' : Number(stage);
  }
}

/** How many stages there are tensors of; undefined where there are none. */
export function stagesIn(tensors: Shapes): number | undefined {
  const numbers = [...tensors.keys()].flatMap((name) => Number(/^blocks\.(\d{1,2})\./.exec(name)?.[1] ?? []));
  return numbers.length === 0 ? undefined : 1 + Math.max(...numbers);
}
