import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { call, instance, named } from '../../testing/checkpoints/pickled-calls.js';
import { openTensors } from '../../testing/checkpoints/whole.js';
import { pickle, tensor, torchFile } from '../../testing/checkpoints/writers.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const folder = temporaryFolder();
const { int, text, tuple, none } = pickle;

/** What objects of packages look like in checkpoints that were written with these packages. */
const kept: Readonly<Record<string, Buffer>> = {
  'settings, processors and models of transformers': tuple(
    ...['configuration_vit.ViTConfig', 'image_processing_vit.ViTImageProcessor', 'modeling_vit.ViTModel'].map((path) =>
      instance(`transformers.models.vit.${path}`),
    ),
  ),
  'a partial of a function that makes a network or a number': tuple(
    ...[
      'timm.models._factory.create_model',
      'timm.data.auto_augment._minmax_level_to_arg',
      'transformers.optimization._get_cosine_schedule_with_warmup_lr_lambda',
      'sklearn.metrics._classification.f1_score',
      'torchmetrics.functional.classification.accuracy.accuracy',
      'torchvision.ops.focal_loss.sigmoid_focal_loss',
      'torchvision.transforms.functional.resize',
      'torchvision.models.resnet.resnet18',
      'torch.clamp',
      'numpy.zeros',
    ].map((path) =>
      pickle.build(call('functools.partial', named(path)), tuple(named(path), tuple(int(1)), pickle.dict({}), none)),
    ),
  ),
  'methods of random states': tuple(
    call('functools.partial', call('__builtin__.getattr', call('random.Random'), text('uniform'))),
    call(
      'functools.partial',
      call('__builtin__.getattr', call('numpy.random._pickle.__randomstate_ctor', text('MT19937')), text('normal')),
    ),
  ),
  'the method of an object that is called like a function': call(
    '__builtin__.getattr',
    instance('__main__.Schedule'),
    text('__call__'),
  ),
  'a local file system of Lightning': call(
    'fsspec.spec.make_instance',
    named('fsspec.implementations.local.LocalFileSystem'),
    tuple(),
    pickle.dict({}),
  ),
  'intervals of pandas': call(
    'pandas.core.indexes.interval._new_IntervalIndex',
    named('pandas.core.indexes.interval.IntervalIndex'),
    pickle.dict({}),
  ),
  'a loader of data': instance('torch.utils.data.dataloader.DataLoader', {
    collate_fn: named('torch.utils.data._utils.collate.default_collate'),
    loader: named('torchvision.datasets.folder.default_loader'),
  }),
  'members of more enumerations': tuple(
    call('torch.distributed.distributed_c10d.ReduceOp.RedOpType', int(0)),
    call('torch._C._profiler.ProfilerActivity', int(0)),
    call('re.RegexFlag', int(2)),
  ),
};

describe('what packages leave in a checkpoint', () => {
  const weights = pickle.dict({ w: tensor({ key: '0', storage: 'FloatStorage', length: 2, shape: [2] }) });

  it.each(Object.entries(kept))('is no alarm: %s', async (name, value) => {
    const file = join(folder, 'kept.pth');
    writeFileSync(file, torchFile(pickle.dict({ state_dict: weights, kept: value }), { 0: Buffer.alloc(8) }));
    const { tensors, close } = await openTensors(file);
    await close();
    expect([name, ...tensors.keys()]).toEqual([name, 'w']);
  });
});
