// Fuzzing, guided by coverage: docs/testing.md.
//     npm run fuzz -- [NAME...] [--minutes 1] [--at-once 2]    all, or those that are named
//     npm run fuzz -- NAME --repeat FILE                       one input again
//     npm run fuzz -- --list
// Exit code 1 if something was found. The last line is "N passed, N failed".
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { forEachAtOnce, Results } from '../arm/results.js';
import { buildFuzzers, nativeFuzzers, repeatNative, runNative } from './native.js';
import { repeatParser, runParser } from './processes.js';
import { buildSamples } from './samples.js';

const fuzzers = {
  ...nativeFuzzers,
  safetensors: 'a file of safetensors',
  pytorch: "torch.save's zip file",
  pickle: "the pickle in torch.save's zip file",
  'pytorch-legacy': 'torch.save before it wrote zip files',
  mindspore: 'a .ckpt of MindSpore',
  config: 'config.json',
  mjpeg: 'a stream of JPEG pictures, cut anywhere',
  bmp: 'a bitmap of Windows or OS/2',
  netpbm: 'PBM, PGM, PPM',
};

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      minutes: { type: 'string', default: '1' },
      'at-once': { type: 'string', default: String(availableParallelism()) },
      repeat: { type: 'string' },
      list: { type: 'boolean', default: false },
    },
  });
  if (values.list)
    return console.log(
      Object.entries(fuzzers)
        .map(([name, what]) => `${name.padEnd(16)}${what}`)
        .join('\n'),
    );
  const unknown = positionals.filter((name) => !Object.hasOwn(fuzzers, name));
  if (unknown.length > 0)
    throw new Error(`There is no fuzzer ${unknown.join(', ')}. There are: ${Object.keys(fuzzers).join(', ')}`);
  const seconds = Number(values.minutes) * 60;
  if (!(seconds > 0)) throw new Error(`--minutes should be a number above 0 and is ${values.minutes}`);
  const names = positionals.length > 0 ? positionals : Object.keys(fuzzers);
  if (values.repeat !== undefined && names.length !== 1) throw new Error('--repeat takes the name of one fuzzer');
  const results = new Results(false);
  const native = names.filter((name) => Object.hasOwn(nativeFuzzers, name));
  const isBuilt = native.length === 0 || (await results.run('build of the C++ fuzzers', buildFuzzers));
  const parsers = names.filter((name) => !native.includes(name));
  if (parsers.length > 0) await buildSamples();
  const run = (name) => {
    const isNative = native.includes(name);
    if (values.repeat !== undefined)
      return isNative ? repeatNative(name, values.repeat) : repeatParser(name, values.repeat);
    return isNative ? runNative(name, seconds) : runParser(name, seconds);
  };
  await forEachAtOnce(Number(values['at-once']), [...(isBuilt ? native : []), ...parsers], (name) =>
    results.run(name, () => run(name)),
  );
  console.log(`${results.passed} passed, ${results.failed} failed`);
  process.exitCode = results.failed > 0 ? 1 : 0;
}

await main().catch((error) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
});
