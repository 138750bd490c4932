// Loads the library several times in one process, as test runners do: anew in this context, and in contexts of its own.
// Prints whether all of them compute the same. None is disposed of.
const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { dirname, join, sep } = require('node:path');
const vm = require('node:vm');

const dist = join(__dirname, '../../dist');

/** A copy of everything, the addon too. */
function loadedAnew() {
  for (const path of Object.keys(require.cache)) {
    if (path.startsWith(dist + sep) || path.endsWith('.node')) delete require.cache[path];
  }
  return require(join(dist, 'index.js'));
}

/** The library's modules in a new context, whose Float32Array and Promise are its own; others come from outside. */
function loadedInContext() {
  const context = vm.createContext({});
  const own = vm.runInContext('Object.getOwnPropertyNames(globalThis)', context);
  // Node's own, as fetch and Buffer, which a new context lacks.
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    if (!own.includes(name)) Object.defineProperty(context, name, { get: () => globalThis[name] });
  }
  const modules = new Map();
  const run = (path) => {
    if (modules.has(path)) return modules.get(path).exports;
    const outside = createRequire(path);
    const inside = (name) => {
      const found = outside.resolve(name);
      return found.startsWith(dist + sep) ? run(found) : outside(name);
    };
    const module = { exports: {} };
    modules.set(path, module);
    const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(path, 'utf8')}\n})`;
    vm.runInContext(source, context, { filename: path })(
      module.exports,
      Object.assign(inside, { resolve: outside.resolve }),
      module,
      path,
      dirname(path),
    );
    return module.exports;
  };
  return { library: run(join(dist, 'index.js')), context };
}

async function main() {
  const shape = [1, 3, 64, 64];
  const logits = [];
  const use = async ({ load }, data) => {
    const model = await load();
    logits.push([...(await model.infer({ data, shape })).data].join());
    globalThis.models = [...(globalThis.models ?? []), model];
  };
  for (let i = 0; i < 3; i++) await use(loadedAnew(), new Float32Array(3 * 64 * 64).fill(0.5));
  for (let i = 0; i < 2; i++) {
    const { library, context } = loadedInContext();
    await use(library, vm.runInContext('new Float32Array(3 * 64 * 64).fill(0.5)', context));
  }
  process.stdout.write(JSON.stringify({ loaded: logits.length, different: new Set(logits).size }));
}

void main();
