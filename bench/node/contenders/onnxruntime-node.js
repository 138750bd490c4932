import { InferenceSession, Tensor } from 'onnxruntime-node';

/** @type {import('./index.js').LoadEngine} */
export async function loadEngine({ onnx, outputs }, shape, threads) {
  const session = await InferenceSession.create(onnx, { intraOpNumThreads: threads, interOpNumThreads: 1 });
  return {
    detail: `${threads} thread(s)`,
    async infer(data) {
      const values = await session.run({ input: new Tensor('float32', data, shape) });
      return outputs.map((name) => /** @type {Float32Array} */ (values[name].data));
    },
  };
}
