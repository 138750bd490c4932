import { logitOf, sigmoid } from '../../lib/detection/candidates.js';
import type { Detector } from '../../lib/detection/detector.js';
import type { Tensor } from '../../lib/formats/tensor.js';
import { createPackedModel } from '../../lib/engine/packing.js';
import type { Graph } from '../../lib/graph/graph.js';
import { infer } from '../../lib/native/native.js';

/** detect()'s default. */
const threshold = 0.3;

/** So many places of the image score enough: some objects, with several boxes for each. */
const wanted = 50;

/**
 * Untrained detectors find something everywhere. Lowers the biases that decide how much scores, so that about as much does
 * as on a photograph.
 *
 * @param tensors the graph's, whose biases are changed
 * @param image [1, 3, h, w]
 */
export async function lowerScores(
  detector: Detector,
  graph: Graph,
  tensors: ReadonlyMap<string, Tensor>,
  { data, shape }: Tensor,
): Promise<void> {
  const model = await createPackedModel(graph, { threads: 1, isa: '' });
  const [n, channels, height, width] = shape as readonly [number, number, number, number];
  const maps = await infer(model, graph, { data, shape: [n, channels, height, width], lent: true }, undefined);
  model.close();
  const missing = maps.flatMap((map) => missingOf(detector, map.data, map.shape[2] * map.shape[3]));
  const shift = missing.sort((a, b) => a - b)[wanted]!;
  for (const [level] of maps.entries()) {
    const bias = tensors.get(
      detector.kind === 'yolo' ? `bbox_head.convs_pred.${level}.bias` : `head.gfl_cls.${level}.bias`,
    )!.data;
    for (const channel of decidingOf(detector)) bias[channel]! += shift;
  }
}

/** The channels whose biases are changed: objectness of each anchor, or all classes. */
function decidingOf(detector: Detector): readonly number[] {
  const { classes } = detector;
  if (detector.kind === 'yolo') return detector.anchors[0]!.map((_, anchor) => anchor * (5 + classes) + 4);
  return Array.from({ length: classes }, (_, index) => index);
}

/** Of each place of a level, how much has to be added for its best class to reach the threshold. */
function missingOf(detector: Detector, data: Float32Array, places: number): number[] {
  const { classes } = detector;
  const best = (first: number, place: number): number => {
    let most = -Infinity;
    for (let index = 0; index < classes; index++) most = Math.max(most, data[(first + index) * places + place]!);
    return most;
  };
  return Array.from({ length: places }, (_, place) => {
    if (detector.kind !== 'yolo') return logitOf(threshold) - best(0, place);
    const anchors = decidingOf(detector).map((objectness) => {
      const score = sigmoid(best(objectness + 1, place));
      return score > threshold ? logitOf(threshold / score) - data[objectness * places + place]! : Infinity;
    });
    return Math.min(...anchors);
  });
}
