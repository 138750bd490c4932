import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { load, preprocess } from '../../../lib/index.js';
import { errorOf } from '../../../testing/error-of.js';
import { caseOf, saved } from '../../../testing/small-heads.js';
import { syntheticImage } from '../../../testing/synthetic.js';
import { temporaryFolder } from '../../../testing/temporary-folder.js';

const folder = temporaryFolder();
const [published, other] = [caseOf('fcos-v2'), caseOf('fcos-mobilenetv3')];

describe('an FCOS head', () => {
  it('says what was assumed of it, and what the config says', async () => {
    await using model = await load(saved(published, folder));
    expect(model.config).toMatchObject({ architecture: 'ghostnetv2_100_fcos', numClasses: 4 });
    expect(model.task).toBe('detection');
    const assumed = (value: unknown): unknown => ({ value, from: 'assumed' });
    expect(model.info.head).toEqual({
      upsampling: assumed('nearest'),
      levels: assumed([3, 5, 7]),
      strides: assumed([8, 16, 32, 64, 128]),
      addExtraConvs: assumed('on_output'),
      reluBeforeExtraConvs: assumed(true),
      centernessOnReg: assumed(false),
      normOnBbox: assumed(false),
      numGroups: assumed(32),
      scoreThreshold: assumed(0.3),
      iouThreshold: assumed(0.5),
    });
    await using said = await load(saved(other, folder));
    expect(said.info.head).toMatchObject({
      // The channels of the first extra convolution tell it.
      addExtraConvs: assumed('on_input'),
      centernessOnReg: { value: true, from: 'config' },
      numGroups: { value: 4, from: 'config' },
    });
  });

  it('is another network with other settings', async () => {
    const { data } = syntheticImage('input', published.input);
    const path = saved(published, folder);
    const tensor = { data, shape: published.input };
    await using model = await load(path);
    const usual = await model.infer(tensor);
    for (const head of [
      { centernessOnReg: true },
      { addExtraConvs: 'on_lateral' },
      { reluBeforeExtraConvs: false },
      { numGroups: 4 },
    ] as const) {
      await using changed = await load(path, { head });
      expect(await changed.infer(tensor), JSON.stringify(head)).not.toEqual(usual);
    }
    await using changed = await load(path, { head: { normOnBbox: true } });
    expect(await changed.infer(tensor)).toEqual(usual);
    expect(await changed.detect(tensor, { threshold: 0.1 })).not.toEqual(
      await model.detect(tensor, { threshold: 0.1 }),
    );
  });

  it('refuses what its settings cannot be', async () => {
    const path = saved(published, folder);
    for (const head of [
      { centernessOnReg: 'yes' },
      { addExtraConvs: true },
      { numGroups: 0 },
      { strides: [8, 16] },
      { levels: [1, 4, 6, 8] },
      { anchors: [[[1, 1]]] },
      { center: 1 },
    ]) {
      const { code } = await errorOf(load(path, { head: head as object }));
      expect(code, JSON.stringify(head)).toMatch(/^ERR_GHOST_(?:ARGUMENT|ARCHITECTURE)$/);
    }
    const { code, message } = await errorOf(load(path, { head: { numGroups: 5 } }));
    expect([code, message]).toEqual([
      'ERR_GHOST_ARCHITECTURE',
      'The head has group norms of 64 channels, which make no 5 groups. Say in numGroups how many they are.',
    ]);
    const faulty = { ...published, config: { architecture: 'ghostnetv2_100_fcos', norm_on_bbox: 1 } };
    expect((await errorOf(load(saved(faulty, folder)))).code).toBe('ERR_GHOST_CHECKPOINT');
  });

  it('finds on a file what it finds on the input that mmdetection makes of it', async () => {
    const [height, width] = [150, 200];
    const file = join(folder, 'fcos.png');
    const pixels = Uint8Array.from({ length: height * width * 3 }, (_, i) => (i * 7919) % 251);
    await sharp(pixels, { raw: { width, height, channels: 3 } })
      .png()
      .toFile(file);
    await using model = await load(saved({ ...published, config: { input_size: [3, 96, 160] } }, folder));
    const tensor = await preprocess(file, model.config.preprocess);
    // 200x150 fits into 160x96 as 128x96, which is padded to a multiple of 32.
    expect(tensor.shape).toEqual([1, 3, 96, 128]);
    const onFile = await model.detect(file, { threshold: 0.3 });
    const onTensor = await model.detect(tensor, { threshold: 0.3 });
    expect(onFile.length).toBeGreaterThan(3);
    expect(onFile.map(({ index, score }) => [index, score])).toEqual(
      onTensor.map(({ index, score }) => [index, score]),
    );
    for (const [i, { box }] of onFile.entries()) {
      expect(box.xmax).toBeCloseTo(onTensor[i]!.box.xmax * (200 / 128), 3);
      expect(box.ymax).toBeCloseTo(onTensor[i]!.box.ymax * (150 / 96), 3);
    }
  });
});
