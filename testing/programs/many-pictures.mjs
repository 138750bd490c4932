// Preprocesses the sample picture so many times at once.
import { preprocess } from '../../dist/index.js';

const sample = new URL('../../examples/sample.png', import.meta.url);
const tensors = await Promise.all(
  Array.from({ length: Number(process.argv[2]) }, () => preprocess(sample, { inputSize: [32, 32] })),
);
process.stdout.write(JSON.stringify({ preprocessed: tensors.length }));
