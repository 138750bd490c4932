import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { load } from '../../../lib/index.js';
import { caseOf, saved } from '../../../testing/small-heads.js';
import { syntheticImage } from '../../../testing/synthetic.js';
import { temporaryFolder } from '../../../testing/temporary-folder.js';

const folder = temporaryFolder();
const scse = caseOf('smp-unet-scse');
const { input } = scse;

/** A model of that config.json, of three classes. */
function unet(config: object): string {
  return saved({ ...scse, config: { encoder_name: 'tu-ghostnet_050', ...config } }, folder);
}

describe("segmentation_models_pytorch's activation", () => {
  it.each([
    [null, 'softmax'],
    ['softmax2d', 'softmax'],
    ['logsoftmax', 'softmax'],
    ['argmax2d', 'softmax'],
    ['sigmoid', 'sigmoid'],
  ])('%s changes no label, and its probabilities are a %s', async (activation, kind) => {
    await using model = await load(unet({ activation }));
    const tensor = { data: syntheticImage('input', input).data, shape: input };
    const [{ labels }, logits, probabilities] = await Promise.all([
      model.segment(tensor),
      model.segment(tensor, { output: 'logits' }),
      model.segment(tensor, { output: 'probabilities' }),
    ]);
    const pixels = labels.length;
    for (let pixel = 0; pixel < pixels; pixel += 7) {
      const at = (data: Float32Array): number[] => [0, 1, 2].map((index) => data[index * pixels + pixel]!);
      const values = at(logits.data);
      expect(labels[pixel]).toBe(values.indexOf(Math.max(...values)));
      const odds = values.map(Math.exp);
      const sum = odds.reduce((a, b) => a + b, 0);
      for (const [index, share] of at(probabilities.data).entries())
        expect(share).toBeCloseTo(odds[index]! / (kind === 'softmax' ? sum : 1 + odds[index]!), 5);
    }
  });
});

it.each([
  { encoder_output_stride: 16 },
  { output_stride: 8 },
  { pretrained_cfg: { output_stride: 16 } },
  { architecture: 'ghostnet_050_unet', model_args: { output_stride: 16 } },
])('a dilated backbone is refused: %j', async (config) => {
  const refused = load(unet(config));
  await expect(refused).rejects.toMatchObject({
    code: 'ERR_GHOST_ARCHITECTURE',
    message: expect.stringMatching(/the config\.json beside it says an output stride of (16|8), for which/) as string,
  });
  await using model = await load(unet({ output_stride: 32 }));
  expect(model.task).toBe('segmentation');
});

it("segmentation_models_pytorch's norm is refused where its tensors are those of another one", async () => {
  const refused = load(unet({ decoder_use_norm: 'inplace' }));
  await expect(refused).rejects.toMatchObject({ code: 'ERR_GHOST_CHECKPOINT' });
});

it.each(['smp-linknet-instance', 'smp-pspnet-eps'])(
  '%s of one file is computed by the eps of each model, whatever others have loaded',
  async (name) => {
    const small = caseOf(name);
    const path = saved(small, folder);
    // From then on models of a file share what they have packed.
    await sleep(50);
    const tensor = { data: syntheticImage('input', small.input).data, shape: small.input };
    const outputs = ['head'] as const;
    await using model = await load(path);
    const { head } = await model.infer(tensor, { outputs });
    await using other = await load(path, { head: { normEps: 0.5 } });
    const { head: changed } = await other.infer(tensor, { outputs });
    await using same = await load(path, { head: { normEps: 0.01 } });
    const { head: again } = await same.infer(tensor, { outputs });
    expect(changed.data).not.toEqual(head.data);
    expect(again.data).toEqual(head.data);
  },
);
