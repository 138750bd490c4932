// Pictures that the engine refuses, in a process that nothing else keeps alive: each is answered once.
import { preprocess } from '../../dist/index.js';

const long = { data: new Uint8Array(20_000_000), width: 20_000_000, height: 1, channels: 1 };
const codes = {};
const refuse = async () => {
  await preprocess(long).catch(({ code }) => (codes[code] = (codes[code] ?? 0) + 1));
};
for (let i = 0; i < 30; i++) await refuse();
await Promise.all(Array.from({ length: 10 }, refuse));
const { shape } = await preprocess({ data: new Uint8Array(3 * 64), width: 8, height: 8, channels: 3 });
process.stdout.write(JSON.stringify({ codes, shape }));
