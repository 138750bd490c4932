// Runs the library as Jest does with CommonJS: every module in a context of its own realm, with a require() of its own,
// and without a way to import(). Prints what classify() says of the sample picture.
const { readFileSync } = require('node:fs');
const { createRequire, isBuiltin } = require('node:module');
const { dirname, join, resolve } = require('node:path');
const vm = require('node:vm');

const own = [
  'Buffer',
  'process',
  'URL',
  'AbortController',
  'AbortSignal',
  'TextDecoder',
  'TextEncoder',
  'performance',
  'setTimeout',
  'clearTimeout',
  'setImmediate',
  'queueMicrotask',
  'structuredClone',
  'fetch',
  'console',
];
const context = vm.createContext(Object.fromEntries(own.map((name) => [name, globalThis[name]])));
context.globalThis = context;
const modules = new Map();

function load(file) {
  if (modules.has(file)) return modules.get(file).exports;
  const module = { exports: {}, id: file, filename: file };
  modules.set(file, module);
  if (file.endsWith('.json')) return (module.exports = JSON.parse(readFileSync(file, 'utf8')));
  if (file.endsWith('.node')) {
    process.dlopen(module, file);
    return module.exports;
  }
  const source = readFileSync(file, 'utf8').replace(/^#!.*/, '');
  const run = vm.runInContext(`(function (module, exports, require, __filename, __dirname) {${source}\n})`, context, {
    filename: file,
  });
  const resolver = createRequire(file);
  const find = (name) => (isBuiltin(name) ? require(name) : load(resolver.resolve(name)));
  run(module, module.exports, Object.assign(find, { resolve: resolver.resolve, cache: {} }), file, dirname(file));
  return module.exports;
}

const root = resolve(__dirname, '../..');
const sample = join(root, 'examples/sample.png');
const { load: loadModel } = load(join(root, 'dist/index.js'));
vm.runInContext(
  `(async (load, sample, readFileSync) => {
    const model = await load();
    const [best] = await model.classify(sample);
    const [same] = await model.classify(new Uint8Array(readFileSync(sample)));
    const tensor = { data: new Float32Array(3 * 64 * 64), shape: [1, 3, 64, 64] };
    const { shape } = await model.infer(tensor);
    await model.dispose();
    console.log(JSON.stringify({ label: best.label, same: same.label, classes: shape[1], ownArray: tensor.data.constructor === Float32Array }));
  })`,
  context,
)(loadModel, sample, readFileSync).catch((error) => {
  console.log(String(error), error.cause);
  process.exitCode = 1;
});
