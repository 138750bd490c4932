import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkClaim } from '../../lib/networks/claim.js';
import { defaultOutputs, mainOutputs, outputsFor } from '../../lib/networks/network.js';
import type { Family } from '../../lib/networks/network.js';
import { identify, families, familyOf } from '../../lib/networks/registry.js';
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

  it.each(['baseline', 'MyNet', 'GhostNetV2', 'vit_ghost', 'mobilenet'])(
    'of an unknown name claims nothing: %s',
    (name) => {
      const claim = { name, source: 'the config.json beside it', advice: 'Correct it.' };
      expect(() => checkClaim(claim, network, tensors, 'weights.pth')).not.toThrow();
    },
  );

  it.each(['resnet50', 'vit_base_patch16_224.augreg', 'tf_efficientnet_b0', 'convnextv2', 'mobilenetv4_conv_small'])(
    'is refused where it is called after another network: %s',
    (name) => {
      const claim = { name, source: 'the config.json beside it', advice: 'Correct it.' };
      expect(() => checkClaim(claim, network, tensors, 'weights.pth')).toThrow(
        expect.objectContaining({ code: 'ERR_GHOST_ARCHITECTURE', message: expect.stringContaining(name) as string }),
      );
    },
  );
});

describe('the families', () => {
  const inside = readdirSync(join(lib, 'networks'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

  it('are known in the registry alone', () => {
    const known = new RegExp(`'(?:\\.\\.?/)+(?:networks/)?(?:${inside.join('|')})/`);
    const files = readdirSync(lib, { recursive: true, encoding: 'utf8' }).map((file) => file.replaceAll('\\', '/'));
    const aware = files.filter((file) => file.endsWith('.ts') && known.test(readFileSync(join(lib, file), 'utf8')));
    expect(aware.sort()).toEqual(['networks/registry.ts']);
  });

  it.each([
    ['ghostnet_100', 1],
    ['ghostnetv2_100.in1k', 1],
    ['ghostnetv3_050', 1],
    ['ghostnetv2_050_fpn', 1],
    ['mobilenetv3_large_100', 1],
    ['mobilenetv3_large_100_fpn', 1],
    ['resnet50_fpn', 0],
    ['mobilenetv2_110d', 1],
    ['mobilenetv2_050_fpn', 1],
    ['repghostnet_111.in1k', 1],
    ['repghostnet_100_fpn', 1],
    ['mobilenetv3_small_050.lamb_in1k', 1],
    ['tf_mobilenetv3_small_075', 1],
    ['resnet50', 0],
  ])('that may be called %s are %i', (name, count) => {
    expect(families.filter(({ architectures }) => architectures.test(name))).toHaveLength(count);
  });

  it('have one for what nobody claims, wherever its row stands', () => {
    const ghostNet = familyOf(['blocks.0.0.ghost1.primary_conv.0.weight']);
    const appended: Family = { ...ghostNet, claims: () => false };
    const rows = families as Family[];
    rows.push(appended);
    try {
      expect(familyOf(['backbone.unknown'])).toBe(ghostNet);
    } finally {
      rows.pop();
    }
  });
});
