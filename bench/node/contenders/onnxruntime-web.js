import { env, InferenceSession, Tensor } from 'onnxruntime-web';

/** @type {import('./index.js').LoadEngine} */
export async function loadEngine({ onnx }, shape, threads) {
  env.wasm.numThreads = threads;
  const session = await InferenceSession.create(onnx, { executionProviders: ['wasm'] });
  return {
    detail: `WebAssembly SIMD, ${threads} thread(s)`,
    async infer(data) {
      const { logits } = await session.run({ input: new Tensor('float32', data, shape) });
      return /** @type {Float32Array} */ (logits?.data);
    },
  };
}
