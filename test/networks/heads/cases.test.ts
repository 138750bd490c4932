import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { exportModel, load } from '../../../lib/index.js';
import { cpu } from '../../../lib/native/native.js';
import { evaluateOnnx } from '../../../testing/evaluate-onnx.js';
import { readOnnx } from '../../../testing/onnx.js';
import { onReference } from '../../../testing/on-reference.js';
import { caseNames as names, caseOf, errorOf, saved } from '../../../testing/small-heads.js';
import { syntheticImage } from '../../../testing/synthetic.js';
import { temporaryFolder } from '../../../testing/temporary-folder.js';

const folder = temporaryFolder();

describe('a network with a head', () => {
  afterEach(() => delete process.env['GHOSTNET_ISA']);

  it.each(names)('%s gives what PyTorch computes, on kernels of every instruction set', async (name) => {
    const found = caseOf(name);
    const path = saved(found, folder);
    const { data } = syntheticImage('input', found.input);
    const outputs = Object.keys(found.outputs);
    for (const isa of cpu().isas) {
      process.env['GHOSTNET_ISA'] = isa;
      await using model = await load(path, { threads: 2 });
      const values = await model.infer({ data, shape: found.input }, { outputs });
      for (const [output, expected] of Object.entries(found.outputs)) {
        expect(values[output]!.shape, output).toEqual(expected.shape);
        expect(errorOf(expected, values[output]!.data), `${output} on ${isa}`).toBeLessThan(2e-5);
      }
      expect(onReference(model, [found.input[2], found.input[3]]), isa).toEqual([]);
    }
  });

  it.each(names)('%s means the same by its maps and by what is made of them', async (name) => {
    const found = caseOf(name);
    await using model = await load(saved(found, folder));
    const [n, channels, height, width] = found.input;
    const { data } = syntheticImage('input', found.input);
    const tensor = { data, shape: [n, channels, height, width] as const };
    if (model.task === 'detection') {
      const boxes = await model.detect(tensor, { threshold: 0 });
      expect(boxes.length).toBeGreaterThan(0);
      return;
    }
    const { logits } = await model.infer(tensor, { outputs: ['logits'] });
    const maps = await model.segment(tensor, { output: 'logits' });
    expect([maps.labels.length, maps.height, maps.width]).toEqual(logits.shape.slice(1));
    const scale = logits.data.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    const error = logits.data.reduce((most, value, i) => Math.max(most, Math.abs(value - maps.data[i]!)), 0);
    expect(error / scale).toBeLessThan(2e-5);
  });

  it.each(names.filter((name) => caseOf(name).detections))('%s finds what its framework finds', async (name) => {
    const found = caseOf(name);
    const { threshold, iou, boxes } = found.detections!;
    await using model = await load(saved(found, folder));
    const { data } = syntheticImage('input', found.input);
    const detections = await model.detect({ data, shape: found.input }, { threshold, iou });
    expect(detections).toHaveLength(boxes.length);
    // Scores that differ by less than the engine's error may come in either order.
    const left = new Set(detections);
    for (const [xmin, ymin, xmax, ymax, score, index] of boxes) {
      const same = [...left].find(
        ({ index: each, score: other, box }) =>
          each === index &&
          Math.abs(other - score) < 2e-5 &&
          [box.xmin - xmin, box.ymin - ymin, box.xmax - xmax, box.ymax - ymax].every((off) => Math.abs(off) < 0.05),
      );
      expect(same, `${index} at ${xmin}, ${ymin} (${score})`).toBeDefined();
      left.delete(same!);
    }
  });

  it.each(names)('%s is written as ONNX with its own maps', async (name) => {
    const found = caseOf(name);
    const file = join(folder, `${name}.onnx`);
    const [, , height, width] = found.input;
    await exportModel(saved(found, folder), file, { inputSize: [height, width] });
    const onnx = readOnnx(readFileSync(file));
    const maps = Object.entries(found.outputs).filter(([output]) => output !== 'logits');
    expect(onnx.outputs.map((output) => output.name)).toEqual(maps.map(([output]) => output));
    const image = syntheticImage('input', found.input);
    const values = evaluateOnnx(onnx, image);
    for (const [output, expected] of maps) {
      const data = Float32Array.from(values.get(output)!);
      expect(errorOf(expected, data), output).toBeLessThan(2e-5);
    }
  });
});
