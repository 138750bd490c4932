import { env, InferenceSession, Tensor } from 'onnxruntime-web';

/** @type {import('./index.js').LoadEngine} */
export async function loadEngine({ onnx, outputs }, shape, threads) {
  env.wasm.numThreads = threads;
  const session = await InferenceSession.create(onnx, { executionProviders: ['wasm'] });
  return {
    detail: `WebAssembly SIMD, ${threads} thread(s)`,
    async infer(data) {
      const values = await session.run({ input: new Tensor('float32', data, shape) });
      return outputs.map((name) => /** @type {Float32Array} */ (values[name].data));
    },
  };
}
