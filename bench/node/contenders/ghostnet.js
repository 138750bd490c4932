import { load } from '../../../dist/index.js';

/** @type {import('./index.js').LoadEngine} */
export async function loadEngine({ folder, outputs }, shape, threads) {
  const model = await load(folder, { threads });
  return {
    detail: `${model.info.isa}, ${model.info.threads} thread(s)`,
    async infer(data) {
      const values = await model.infer({ data, shape }, { outputs });
      return outputs.map((name) => values[name].data);
    },
  };
}
