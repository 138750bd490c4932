import { describe, expect, it } from 'vitest';
import type { TensorDict } from '../../lib/checkpoints/tensor-dict.js';
import { GhostNetError } from '../../lib/errors.js';
import type { Shapes } from '../../lib/formats/tensor.js';
import { findNetwork, type Found } from '../../lib/networks/find.js';
import { expectedTensors } from '../../testing/ghostnet.js';

const network: Shapes = new Map(
  expectedTensors({ version: 1, width: 0.5, numClasses: 10 }).map(({ name, shape }) => [name, { shape }]),
);

type Renamed = (name: string) => string | undefined;

function renamed(rename: Renamed): Map<string, { shape: readonly number[] }> {
  return new Map([...network].flatMap(([name, shape]) => (rename(name) === undefined ? [] : [[rename(name)!, shape]])));
}

const below = (prefix: string): Map<string, { shape: readonly number[] }> => renamed((name) => prefix + name);

function dict(path: string, shapes: Shapes, rest: Partial<TensorDict> = {}): TensorDict {
  return { path, shapes, read: () => Promise.resolve(new Map()), ...rest };
}

function find(dicts: readonly TensorDict[], part?: string): Found {
  return findNetwork({ dicts, framework: 'pytorch', file: 'weights.pth' }, part);
}

function faultOf(...given: Parameters<typeof find>): GhostNetError {
  try {
    find(...given);
  } catch (error) {
    if (error instanceof GhostNetError) return error;
    throw error;
  }
  throw new Error('an error was expected and nothing was thrown');
}

/** An LRASPP on the backbone of {@link network}: 16 channels, 3 classes. */
function lrasppShapes(): [string, { shape: readonly number[] }][] {
  const high = network.get('conv_head.weight')!.shape[1]!;
  const low = network.get('blocks.4.0.ghost2.cheap_operation.1.weight')!.shape[0]! * 2;
  const shapes: Record<string, number[]> = {
    'cbr.0.weight': [16, high, 1, 1],
    ...Object.fromEntries(['weight', 'bias', 'running_mean', 'running_var'].map((name) => [`cbr.1.${name}`, [16]])),
    'scale.1.weight': [16, high, 1, 1],
    'low_classifier.weight': [3, low, 1, 1],
    'low_classifier.bias': [3],
    'high_classifier.weight': [3, 16, 1, 1],
    'high_classifier.bias': [3],
  };
  return Object.entries(shapes).map(([name, shape]) => [`classifier.${name}`, { shape }]);
}

describe('the network in a file', () => {
  it.each(['backbone.', 'backbone.timm_model.', 'encoder.model.'])(
    'with a head on one that is kept whole below %s is the one with the head',
    (prefix) => {
      const { chosen, whole } = find([dict('', new Map([...below(prefix), ...lrasppShapes()]))]);
      expect([chosen.network.architecture, chosen.part, whole.length]).toEqual(['ghostnet_050_lraspp', '.', 1]);
      expect(chosen.leftOut).toEqual(
        ['conv_head.weight', 'conv_head.bias', 'classifier.weight', 'classifier.bias'].map((name) => prefix + name),
      );
    },
  );

  it.each<[where: string, dicts: TensorDict[], part: string]>([
    ['at the top', [dict('', network)], '.'],
    ['under any key', [dict('net', network)], 'net'],
    ['below any prefix', [dict('state_dict', below('model.backbone.'))], 'state_dict.model.backbone'],
    ['behind wrappers', [dict('', below('module._orig_mod.'))], '.'],
    [
      'with wrappers within names',
      [
        dict(
          '',
          renamed((name) => name.replace(/^(blocks\.3\.\d)\./, '$1._checkpoint_wrapped_module.')),
        ),
      ],
      '.',
    ],
    [
      'state_dict_ema before all',
      ['state_dict', 'model', 'state_dict_ema'].map((path) => dict(path, network)),
      'state_dict_ema',
    ],
    ['model_ema before model', ['model', 'model_ema'].map((path) => dict(path, network)), 'model_ema'],
    ['params_ema before params', ['params', 'params_ema'].map((path) => dict(path, network)), 'params_ema'],
    ['state_dict before model', ['model', 'state_dict'].map((path) => dict(path, network)), 'state_dict'],
    ['a key before others', ['best', 'model'].map((path) => dict(path, network)), 'model'],
    [
      'an averaged copy in the same dict',
      [dict('', new Map([...network, ...below('ema_model.module.')]))],
      'ema_model',
    ],
    [
      'a whole one before an averaged one that is not',
      [dict('ema', new Map([...network].slice(9))), dict('net', network)],
      'net',
    ],
  ])('%s', (_, dicts, part) => {
    const { chosen } = find(dicts);
    expect(chosen.part).toBe(part);
    expect([...chosen.sources.keys()].sort()).toEqual([...network.keys()].sort());
  });

  it('leaves out what lies beside it, and says so', () => {
    const shapes = new Map([
      ...below('model.'),
      ['criterion.weight', { shape: [10] }],
      ['x.total_ops', { shape: [1] }],
    ]);
    expect(find([dict('', shapes)]).chosen.leftOut).toEqual(['criterion.weight']);
  });

  it('is chosen by its name where several are as good', () => {
    const folds = ['0', '1'].map((path) => dict(path, network));
    expect(faultOf(folds)).toMatchObject({
      code: 'ERR_GHOST_ARCHITECTURE',
      message: expect.stringContaining(
        `2 networks, and nothing tells which one is meant: 0, 1. Choose one: load(file, { part: '0' })`,
      ),
    });
    const { chosen, whole } = find(folds, '1');
    expect([chosen.part, whole.map(({ part }) => part)]).toEqual(['1', ['0', '1']]);
    expect(faultOf(folds, '2')).toMatchObject({
      code: 'ERR_GHOST_ARGUMENT',
      message: 'weights.pth has no part "2"; it has 0, 1.',
    });
  });

  it('counts once under two names', () => {
    const identity = (name: string): string => name.replace(/^(?:a|b)\./, '');
    const twice = dict('', new Map([...below('a.'), ...below('b.')]), { identity });
    expect(find([twice]).whole.map(({ part }) => part)).toEqual(['a']);
  });

  it('that is not whole is reported with where it was looked for', () => {
    const shapes = below('model.');
    shapes.delete('model.blocks.3.0.ghost1.primary_conv.0.weight');
    expect(faultOf([dict('optimizer', new Map([['x', { shape: [1] }]])), dict('state_dict', shapes)]).message).toBe(
      'The checkpoint is no complete GhostNet V1: it lacks 1 of 432 tensors, the first is blocks.3.0.ghost1.primary_conv.0.weight. ' +
        'It was looked for at state_dict.model of the file.',
    );
  });

  it('of tensors that cannot be read is reported as such', () => {
    const unreadable = new Map([['conv_stem.weight', 'holds tensor "conv_stem.weight" quantised; save it as float32']]);
    expect(faultOf([dict('', new Map([...network].slice(1)), { unreadable })]).message).toContain('quantised');
  });
});

describe('a classifier that was replaced', () => {
  const withoutHead = renamed((name) => (name.startsWith('classifier.') ? undefined : name));
  const linear = (name: string, features = 1280, bias = true): [string, { shape: number[] }][] => [
    [`${name}.weight`, { shape: [3, features] }],
    ...(bias ? ([[`${name}.bias`, { shape: [3] }]] satisfies [string, { shape: number[] }][]) : []),
  ];
  const classesOf = (shapes: Shapes): number => find([dict('', shapes)]).chosen.network.numClasses;

  it.each(['classifier', 'classifier.1', 'classifier.fc', 'fc', 'head', 'head.fc', 'fc.0', 'last_linear'])(
    '%s',
    (name) => {
      expect(classesOf(new Map([...withoutHead, ...linear(name)]))).toBe(3);
      expect(classesOf(new Map([...withoutHead, ...linear(name, 1280, false)]))).toBe(3);
    },
  );

  it('beside a backbone', () => {
    const backbone = [...withoutHead].map(([name, shape]) => [`encoder.model.${name}`, shape] as const);
    expect(classesOf(new Map([...backbone, ...linear('encoder.fc')]))).toBe(3);
    expect(classesOf(new Map([...backbone, ...linear('fc')]))).toBe(3);
    expect(classesOf(new Map([...backbone, ...linear('fc', 7)]))).toBe(0);
    expect(classesOf(new Map([...backbone, ...linear('fc'), ...linear('head')]))).toBe(0);
  });

  const norm = (name: string, size: number): [string, { shape: number[] }][] =>
    ['weight', 'bias', 'running_mean', 'running_var'].map((part) => [`${name}.${part}`, { shape: [size] }]);
  const layer = (name: string, inputs: number, outputs: number): [string, { shape: number[] }] => [
    `${name}.weight`,
    { shape: [outputs, inputs] },
  ];

  it.each<[what: string, layers: [string, { shape: number[] }][], words: string]>([
    ['a Sequential', [layer('classifier.3', 9, 3), layer('classifier.0', 1280, 9)], '9 gap, 3'],
    ['neighbours', [layer('fc.0', 1280, 9), layer('fc.1', 9, 3)], '9, 3'],
    [
      'a norm',
      [...norm('head.0', 1280), layer('head.1', 1280, 9), ...norm('head.2', 9), layer('head.4', 9, 3)],
      'norm, 9, norm gap, 3',
    ],
    ['blocks', [layer('head.0.0', 1280, 9), ...norm('head.0.1', 9), layer('head.1', 9, 3)], '9, norm gap, 3'],
    [
      'ten layers',
      Array.from({ length: 10 }, (_, i) => layer(`head.${2 * i}`, i === 0 ? 1280 : 9, 9)),
      '9 gap, 9 gap, 9 gap, 9 gap, 9 gap, 9 gap, 9 gap, 9 gap, 9 gap, 9',
    ],
    ['names', [layer('classifier.fc2', 9, 3), layer('classifier.fc1', 1280, 9)], '9 gap, 3'],
    ['names of attributes', [layer('fc2', 9, 3), layer('fc1', 1280, 9)], '9 gap, 3'],
    ['others', [layer('head.hidden.0', 1280, 9), layer('head.out', 9, 3)], '9 gap, 3'],
  ])('of several layers is a row of them: %s', (_, layers, words) => {
    const { classifier } = find([dict('', new Map([...withoutHead, ...layers]))]).chosen.network;
    const found = classifier!.classifierLayers!.map(
      ({ kind, outputs, gap }) => `${kind === 'norm' ? kind : outputs}${gap ? ' gap' : ''}`,
    );
    expect(found.join(', ')).toBe(words);
  });

  it('may be one of an attribute with a number, but not several heads', () => {
    const classesOf = (...layers: [string, { shape: number[] }][]): number =>
      find([dict('', new Map([...withoutHead, ...layers]))]).chosen.network.numClasses;
    expect(classesOf(layer('fc1', 1280, 3))).toBe(3);
    expect(classesOf(layer('head1', 1280, 3), layer('head2', 1280, 4))).toBe(0);
  });

  it.each<[what: string, layers: [string, { shape: number[] }][], message: string]>([
    [
      'sizes',
      [layer('classifier.0', 1280, 9), layer('classifier.2', 8, 3)],
      'classifier classifier has several layers that do not fit each other from 1280 features on (classifier.0 1280 to 9, classifier.2 8 to 3)',
    ],
    ['no start', [layer('fc.0', 9, 9), layer('fc.2', 9, 3)], 'classifier fc has several layers that do not fit'],
    ['heads', [layer('head.a', 1280, 3), layer('head.b', 1280, 4)], 'head has several layers that do not fit'],
    [
      'orders',
      [layer('head.a', 1280, 9), layer('head.b', 9, 9), layer('head.c', 9, 9)],
      'fit each other in several orders',
    ],
    [
      'named norms',
      [layer('head.a', 1280, 9), ...norm('head.n', 9), layer('head.b', 9, 3)],
      'a norm among named layers',
    ],
    [
      'many names',
      Array.from({ length: 9 }, (_, i) => layer(`head.n${i}`, 1280, 1280)),
      'has 9 layers without numbers',
    ],
    [
      'a LayerNorm',
      [layer('head.0', 1280, 9), ...norm('head.1', 9).slice(0, 2), layer('head.2', 9, 3)],
      'a layer head.1 (weight, bias) that is neither',
    ],
    [
      'half a norm',
      [layer('fc.0', 1280, 3), ...norm('fc.1', 3).slice(2)],
      'a layer fc.1 (running_mean, running_var) that is neither',
    ],
    [
      'a convolution',
      [layer('head.1', 1280, 3), ['head.0.weight', { shape: [8, 1280, 1, 1] }]],
      'a layer head.0 (weight) that is neither',
    ],
  ])('of several layers is refused for %s', (_, layers, message) => {
    const error = faultOf([dict('', new Map([...withoutHead, ...layers]))]);
    expect(error.code).toBe('ERR_GHOST_ARCHITECTURE');
    expect(error.message).toContain(message);
  });
});

it('a backbone by itself has features, under the names of timm as well', () => {
  const backbone = renamed((name) =>
    /^(?:conv_stem|bn1|blocks\.[0-7])\./.test(name) ? name.replace(/^blocks\.(\d)\./, 'blocks_$1.') : undefined,
  );
  for (const prefix of ['', 'backbone.', 'encoder.model.']) {
    const shapes = new Map([...backbone].map(([name, shape]) => [prefix + name, shape]));
    const { network: found } = find([dict('', shapes)]).chosen;
    expect(found).toMatchObject({ architecture: 'ghostnet_050', numClasses: 0 });
    expect(found.blueprint.outputs.every(({ role }) => role === 'feature')).toBe(true);
  }
});

it.each([2, 4, 6, 7, 8, 9, 10])('a backbone by itself may end after %d stages', (count) => {
  const kept = renamed((name) => {
    const [, stage] = /^blocks\.(\d+)\./.exec(name) ?? [];
    const isThere = stage === undefined ? /^(?:conv_stem|bn1)\./.test(name) : Number(stage) < count;
    return isThere ? name.replace(/^blocks\./, 'blocks_') : undefined;
  });
  const { network: found } = find([dict('', kept)]).chosen;
  const last = `blocks.${count - 1}`;
  expect(found.architecture).toBe('ghostnet_050');
  expect(found.layout).toContain(`a backbone by itself, up to ${last}: no conv_head, no classifier`);
  expect(found.blueprint.outputs.at(-1)!.name).toBe(last);
});
