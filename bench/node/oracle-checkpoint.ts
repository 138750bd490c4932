// Writes a checkpoint with synthetic weights, a MindSpore one if FILE ends in .ckpt:
//   node --import tsx oracle-checkpoint.ts FILE VERSION
import { writeFile } from 'node:fs/promises';
import { safetensorsFile } from '../../lib/export/safetensors.js';
import { bytesOf, mindSporeValue } from '../../testing/checkpoints/writers.js';
import { syntheticStateDict } from '../../testing/synthetic.js';

const [file, version] = process.argv.slice(2) as [string, string];
const tensors = syntheticStateDict(Number(version) as 1 | 2 | 3, 1, 1000);
const mindSpore = [...tensors].map(([name, { shape, data }]) => mindSporeValue(name, 'Float32', shape, bytesOf(data)));
await writeFile(file, file.endsWith('.ckpt') ? Buffer.concat(mindSpore) : safetensorsFile(tensors, 'F32'));
