// Prints in which order a long inference and the reading of a file end, both started at once.
import { readFile } from 'node:fs';
import { load } from '../../dist/index.js';

const model = await load();
const shape = [4, 3, 512, 512];
const order = [];
const inference = model.infer({ data: new Float32Array(4 * 3 * 512 * 512), shape }).then(() => order.push('inference'));
const file = new Promise((resolve, reject) => {
  readFile(new URL(import.meta.url), (error) => {
    if (error) return reject(error);
    order.push('file');
    resolve();
  });
});
await Promise.all([inference, file]);
process.stdout.write(JSON.stringify(order));
