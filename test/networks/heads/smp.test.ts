import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { load } from '../../../lib/index.js';
import { savedTensors } from '../../../testing/saved.js';
import { syntheticImage, syntheticTensor } from '../../../testing/synthetic.js';
import { temporaryFolder } from '../../../testing/temporary-folder.js';

const folder = temporaryFolder();
const found = new URL('../../reference/heads/smp-unet-scse.json', import.meta.url);
const { tensors, input } = JSON.parse(readFileSync(fileURLToPath(found), 'utf8')) as {
  tensors: Record<string, string>;
  input: [number, number, number, number];
};
const weights = savedTensors(
  new Map(Object.entries(tensors).map(([name, text]) => [name, syntheticTensor(name, text.split('x').map(Number))])),
);

/** A model of that config.json, of three classes. */
function saved(config: object): string {
  const path = mkdtempSync(join(folder, 'model-'));
  writeFileSync(join(path, 'model.safetensors'), weights);
  writeFileSync(join(path, 'config.json'), JSON.stringify({ encoder_name: 'tu-ghostnet_050', ...config }));
  return path;
}

describe("segmentation_models_pytorch's activation", () => {
  it.each([
    [null, 'softmax'],
    ['softmax2d', 'softmax'],
    ['logsoftmax', 'softmax'],
    ['argmax2d', 'softmax'],
    ['sigmoid', 'sigmoid'],
  ])('%s changes no label, and its probabilities are a %s', async (activation, kind) => {
    await using model = await load(saved({ activation }));
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

it("segmentation_models_pytorch's norm is refused where its tensors are those of another one", async () => {
  const refused = load(saved({ decoder_use_norm: 'inplace' }));
  await expect(refused).rejects.toMatchObject({ code: 'ERR_GHOST_CHECKPOINT' });
});
