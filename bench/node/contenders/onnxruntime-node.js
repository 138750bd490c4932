import { InferenceSession, Tensor } from 'onnxruntime-node';

/** @type {import('./index.js').LoadEngine} */
export async function loadEngine({ onnx }, shape, threads) {
  const session = await InferenceSession.create(onnx, { intraOpNumThreads: threads, interOpNumThreads: 1 });
  return {
    detail: `${threads} thread(s)`,
    async infer(data) {
      const { logits } = await session.run({ input: new Tensor('float32', data, shape) });
      return /** @type {Float32Array} */ (logits?.data);
    },
  };
}
