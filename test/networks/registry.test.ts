import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkClaim } from '../../lib/networks/claim.js';
import { defaultOutputs, mainOutputs, outputsFor } from '../../lib/networks/network.js';
import { identify, families } from '../../lib/networks/registry.js';
import { syntheticStateDict } from '../../testing/synthetic.js';

const tensors = syntheticStateDict(2, 0.1, 10);
const lib = fileURLToPath(new URL('../../lib/', import.meta.url));

describe('a network', () => {
  const network = identify(tensors);

  it('is named as timm names it', () => {
    expect(network).toMatchObject({ architecture: 'ghostnetv2_010', kind: 'GhostNet V2', version: 2, numClasses: 10 });
  });

  it('says which outputs a task finds in it', () => {
    expect(mainOutputs(network)).toEqual(['logits']);
    expect(outputsFor(network, 'embedding')).toEqual(['pre_logits']);
    expect(defaultOutputs(network, 'feature')).toEqual(['conv_stem', 'blocks.1', 'blocks.3', 'blocks.5', 'blocks.7']);
    expect(outputsFor(network, 'feature')).toEqual([
      'conv_stem',
      ...Array.from({ length: 10 }, (_, stage) => `blocks.${stage}`),
    ]);
    expect(outputsFor(network, 'attention')).toHaveLength(14);
  });

  it('holds no numbers: the graph takes those it is given', () => {
    const others = syntheticStateDict(2, 0.1, 10, 'other');
    const graph = network.blueprint.graph(others, ['conv_stem']);
    expect(graph.nodes.map(({ name }) => name)).toEqual(['input', 'conv_stem.raw']);
    expect(graph.nodes[1]).toMatchObject({ parameters: { weight: others.get('conv_stem.weight') } });
  });

  it('of an unknown name claims nothing', () => {
    const claim = { name: 'resnet50', source: 'the config.json beside it', advice: 'Correct it.' };
    expect(() => checkClaim(claim, network, tensors, 'weights.pth')).not.toThrow();
  });
});

describe('the families', () => {
  it('are known in the registry alone', () => {
    const rooms = readdirSync(`${lib}/networks`, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const inside = new RegExp(
      `networks/(?:${rooms.map(({ name }) => name).join('|')})/|'\\./(?:${rooms.map(({ name }) => name).join('|')})/`,
    );
    const files = readdirSync(lib, { recursive: true, encoding: 'utf8' }).map((file) => file.replaceAll('\\', '/'));
    const aware = files.filter((file) => file.endsWith('.ts') && inside.test(readFileSync(`${lib}/${file}`, 'utf8')));
    expect(aware).toEqual(['networks/registry.ts']);
  });

  it('begin with one that a name means at most', () => {
    const names = ['ghostnet_100', 'ghostnetv2_100.in1k', 'ghostnetv3_050', 'resnet50'];
    const claimed = names.map((name) => families.filter(({ architectures }) => architectures.test(name)).length);
    expect(claimed).toEqual([1, 1, 1, 0]);
  });
});
