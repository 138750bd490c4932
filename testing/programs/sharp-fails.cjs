// For node --require: sharp cannot be loaded, as SHARP_FAILS says. How often it was tried is in globalThis.sharpTries.
const Module = require('node:module');

const { SHARP_FAILS } = process.env;
const original = Module._load;
globalThis.sharpTries = 0;

const failures = {
  missing: () =>
    Object.assign(new Error("Cannot find module 'sharp'\nRequire stack:\n- /app/index.js"), {
      code: 'MODULE_NOT_FOUND',
    }),
  platform: () =>
    new Error(
      'Could not load the "sharp" module using the linux-x64 runtime\nERR_DLOPEN_FAILED: libvips-cpp.so.8.18.7: cannot open shared object file: No such file or directory\nPossible solutions:\n- …',
    ),
  dependency: () =>
    Object.assign(
      new Error("Cannot find module 'semver'\nRequire stack:\n- /app/node_modules/sharp/dist/libvips.cjs"),
      { code: 'MODULE_NOT_FOUND' },
    ),
  files: () =>
    Object.assign(new Error("EMFILE: too many open files, open '/app/node_modules/sharp/dist/index.cjs'"), {
      code: 'EMFILE',
    }),
  'files in the addon': () =>
    new Error(
      'Could not load the "sharp" module using the linux-x64 runtime\nERR_DLOPEN_FAILED: libvips-cpp.so: cannot open shared object file: Too many open files\nPossible solutions:',
    ),
  'no addons': () =>
    new Error(
      'Could not load the "sharp" module using the linux-x64 runtime\nERR_DLOPEN_DISABLED: Cannot load native addon because loading addons is disabled.\nPossible solutions:',
    ),
  permission: () => Object.assign(new Error('Access to this API has been restricted'), { code: 'ERR_ACCESS_DENIED' }),
};

Module._load = function (request, ...rest) {
  if (request !== 'sharp' || (SHARP_FAILS === 'files once' && globalThis.sharpTries >= 2))
    return Reflect.apply(original, this, [request, ...rest]);
  globalThis.sharpTries++;
  throw (failures[SHARP_FAILS] ?? failures.files)();
};
