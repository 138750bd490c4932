// Tests under sanitizers: docs/testing.md.
//     node test/sanitizers/run.js [address] [thread] [addon]
import { Results } from '../arm/results.js';
import { testAddon } from './addon.js';
import { buildSanitized } from './build.js';
import { testNative } from './native.js';

const results = new Results(false);

const kinds = {
  address: async () => {
    const isBuilt = await results.run('address: build', () => buildSanitized('address', ['ghostnet_test']));
    if (isBuilt)
      await testNative(results, 'address', [
        'kernels',
        'plan',
        'graphs',
        'networks',
        'run',
        'platform',
        'threads',
        'preprocess',
        'segmentation',
      ]);
  },
  thread: async () => {
    const isBuilt = await results.run('thread: build', () => buildSanitized('thread', ['ghostnet_test']));
    // What has threads.
    if (isBuilt) await testNative(results, 'thread', ['plan', 'graphs', 'networks', 'run', 'platform', 'threads']);
  },
  addon: async () => {
    const isBuilt = await results.run('addon: build', () => buildSanitized('address', ['ghostnet']));
    if (isBuilt) await results.run('addon: tests in Node', testAddon);
  },
};

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(kinds);
const unknown = wanted.filter((kind) => !Object.hasOwn(kinds, kind));
if (unknown.length > 0)
  throw new Error(`Expected kinds out of ${Object.keys(kinds).join(', ')}, found ${unknown.join(', ')}.`);
for (const kind of wanted) await kinds[kind]();
console.log(`${results.passed} passed, ${results.failed} failed`);
process.exitCode = results.failed > 0 ? 1 : 0;
