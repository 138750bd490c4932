import { describe, expect, it } from 'vitest';
import { globalPoolWithin } from '../../lib/checkpoints/global-pool.js';
import { Opaque } from '../../lib/checkpoints/pickle-values.js';

const map = (entries: Readonly<Record<string, unknown>>): Map<string, unknown> => new Map(Object.entries(entries));

function object(attributes: Readonly<Record<string, unknown>>): Opaque {
  const made = new Opaque('argparse.Namespace');
  made.state = map(attributes);
  return made;
}

describe('the pooling of a training run', () => {
  it.each<[where: string, checkpoint: unknown, pool: string | undefined]>([
    ["timm's arguments", map({ state_dict: map({}), args: object({ gp: 'max', model_kwargs: map({}) }) }), 'max'],
    [
      "timm's model_kwargs",
      map({ args: object({ gp: null, model_kwargs: map({ global_pool: 'avgmax' }) }) }),
      'avgmax',
    ],
    ['hyperparameters', map({ hyper_parameters: map({ global_pool: 'catavgmax' }) }), 'catavgmax'],
    ['any words', map({ config: map({ model: map({ global_pool: 'token' }) }) }), 'token'],
    ['the highest', map({ a: map({ b: map({ global_pool: 'avg' }) }), c: map({ global_pool: 'max' }) }), 'max'],
    ['nothing said', map({ args: object({ gp: null, global_pool: '' }), epoch: 3 }), undefined],
    ['another gp', map({ args: object({ gp: 'gradient' }) }), undefined],
    ['a list', ['global_pool'], undefined],
  ])('is found in %s', (_, checkpoint, pool) => {
    expect(globalPoolWithin(checkpoint)).toBe(pool);
  });

  it('is found in a network that was saved whole, also in DataParallel', () => {
    const network = object({ _modules: map({ global_pool: object({ pool_type: 'max', _modules: map({}) }) }) });
    const parallel = object({ _modules: map({ module: network }) });
    for (const checkpoint of [network, parallel, map({ model: parallel })])
      expect(globalPoolWithin(checkpoint)).toBe('max');
  });

  it.each([
    ['__torch__.torch.nn.modules.pooling.AdaptiveMaxPool2d', 'max'],
    ['__torch__.timm.layers.adaptive_avgmax_pool.AdaptiveAvgMaxPool2d', 'avgmax'],
    ['timm.layers.adaptive_avgmax_pool.FastAdaptiveCatAvgMaxPool', 'catavgmax'],
    ['torch.nn.modules.pooling.AdaptiveAvgPool2d', 'avg'],
    ['torch.nn.modules.linear.Identity', undefined],
  ])('is told by the class of its module: %s', (maker, pool) => {
    const inner = new Opaque(maker);
    inner.state = map({ training: false });
    for (const found of [inner, object({ pool: inner }), object({ _modules: map({ pool: inner }) })])
      expect(globalPoolWithin(object({ global_pool: found }))).toBe(pool);
  });

  it('is looked for no further than somebody keeps it, once in each object', () => {
    let deep: unknown = map({ global_pool: 'max' });
    for (let depth = 0; depth < 7; depth++) deep = map({ deep });
    expect(globalPoolWithin(deep)).toBeUndefined();
    const cycle = map({});
    cycle.set('itself', cycle);
    expect(globalPoolWithin(cycle)).toBeUndefined();
  });
});
