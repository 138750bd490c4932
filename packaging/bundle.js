// Makes one file of the library's modules, since a process that begins with it looks for hundreds of files otherwise:
// dist/library.js. dist/index.js names what is in it, for Node to tell what can be imported without reading it all.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const { engines } = createRequire(import.meta.url)('../package.json');
const [oldestNode] = /** @type {[string]} */ (/\d+\.\d+/.exec(engines.node));

await build({
  entryPoints: [join(root, 'lib/index.ts')],
  outfile: join(root, 'dist/library.js'),
  bundle: true,
  packages: 'external',
  platform: 'node',
  target: `node${oldestNode}`,
  format: 'cjs',
  logLevel: 'warning',
});

/** @type {Record<string, unknown>} */
const library = createRequire(import.meta.url)('../dist/library.js');
const lines = [
  '"use strict";',
  'Object.defineProperty(exports, "__esModule", { value: true });',
  'const library = require("./library.js");',
  ...Object.keys(library).map((name) => `exports.${name} = library.${name};`),
];
writeFileSync(join(root, 'dist/index.js'), `${lines.join('\n')}\n`);
