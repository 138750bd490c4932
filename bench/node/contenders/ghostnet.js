import { load } from '../../../dist/index.js';

/** @type {import('./index.js').LoadEngine} */
export async function loadEngine({ safetensors }, shape, threads) {
  const model = await load(safetensors, { threads });
  return {
    detail: `${model.info.isa}, ${model.info.threads} thread(s)`,
    infer: async (data) => (await model.infer({ data, shape })).data,
  };
}
