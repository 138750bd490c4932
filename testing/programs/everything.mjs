// Uses what the package exports, by its name, through `import` or `require`; prints what it saw.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const { GhostNetError, load, preprocess } =
  process.argv[2] === 'require' ? createRequire(import.meta.url)('ghostnet') : await import('ghostnet');
const picture = fileURLToPath(new URL('../../examples/sample.png', import.meta.url));
const model = await load();
const [best] = await model.classify(picture);
const { data } = await model.infer(await preprocess(picture));
const refused = await model.infer({ data: new Float32Array(1), shape: [1, 3, 64, 64] }).catch((error) => error);
await model.dispose();
process.stdout.write(
  JSON.stringify({ best, logits: [...data], refused: refused instanceof GhostNetError && refused.code }),
);
