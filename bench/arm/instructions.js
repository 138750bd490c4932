// Counts the instructions of one inference on 64-bit ARM (GhostNetV2 1.0x, 224x224, one thread, binary32) in an
// emulator: by kernel, and on request those of onnxruntime-node with the same network.
//   node bench/arm/instructions.js [--json FILE] [--caches 32x256] [--onnxruntime PATH_OF_NODE_FOR_ARM64]
// See docs/arm.md for what must be installed.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { zigEnvironment, zigPath } from '../../packaging/zig.js';
import { classes, countTurn, folder, grouped, root, sum } from './emulator.js';
import { makeMachine } from './machine.js';

/** @typedef {import('./emulator.js').FunctionCount} FunctionCount */

/** The benchmark as the Linux binaries are built, but static, for the emulator needs its symbols. */
function buildBenchmark() {
  const program = join(folder, 'ghostnet_bench');
  const engine = readdirSync(join(root, 'native'), { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.cc') && !file.startsWith('binding/'),
  );
  const bench = readdirSync(join(root, 'bench/native')).filter((file) => file.endsWith('.cc'));
  const sources = [
    ...engine.map((file) => `native/${file}`),
    ...bench.map((file) => `bench/native/${file}`),
    'testing/native/synthetic_network.cc',
  ];
  const flags = ['-std=c++17', '-O3', '-fvisibility=hidden', '-fno-math-errno', '-Inative'];
  mkdirSync(folder, { recursive: true });
  const compiler = ['c++', '-target', 'aarch64-linux-musl', '-static', '-g0', ...flags, '-o', program, ...sources];
  execFileSync(zigPath(), compiler, { cwd: root, env: { ...process.env, ...zigEnvironment }, stdio: 'inherit' });
  return program;
}

const joins = {
  Concat: 'ghost',
  Gated: 'ghost + gate of any size',
  GatedDoubled: 'ghost + gate',
  Residual: 'ghost + shortcut',
};

/** @param {FunctionCount} f */
function kernelOf({ name }) {
  const [, kernel, parameters] = /^ghostnet::neon\w*::(\w+)<(.*)>$/.exec(name) ?? [];
  if (!kernel) return 'outside the kernels';
  const [first, second, third, stride] = parameters.split(', ');
  if (kernel.startsWith('pointwise')) return `pointwise, ${parameters.split(', ').pop()} lanes`;
  if (kernel.startsWith('planar_conv')) return 'planar_conv';
  if (kernel === 'depthwise')
    return `depthwise ${second}x${third}${stride === '2' ? ' stride 2' : ''}${/Sigmoid/.test(parameters) ? ' + sigmoid' : ''}`;
  if (kernel === 'ghost') return joins[second.replace(/.*::/, '')];
  return first ? kernel : name;
}

function table(title, rows) {
  const total = sum(rows.flatMap(({ counts }) => counts));
  const million = (n) => (n / 1e6).toFixed(2);
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const row = ({ name, counts }) =>
    line([name, million(sum(counts)), `${((100 * sum(counts)) / total).toFixed(1)} %`, ...counts.map(million)]);
  const head = [title, 'million', 'of all', ...classes];
  const all = { name: 'all', counts: classes.map((_, c) => sum(rows.map(({ counts }) => counts[c]))) };
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...[...rows, all].map(row)].join('\n');
}

function countGhostnet(caches) {
  const program = buildBenchmark();
  const functions = countTurn(
    (runs) => ['-cpu', 'cortex-a72', program, '--counted', '--isa', 'neon', '--caches', caches, '--runs', runs],
    2,
  );
  return grouped(functions, kernelOf);
}

function countOnnxruntime(node) {
  const machine = join(folder, 'machine');
  const network = join(folder, 'network');
  mkdirSync(network, { recursive: true });
  makeMachine(machine, '/usr/aarch64-linux-gnu');
  const bench = join(root, 'bench/node');
  execFileSync(process.execPath, ['--import', 'tsx', 'export-case.ts', network, 'ghostnetv2_100', '1x3x224x224'], {
    cwd: bench,
    stdio: 'inherit',
  });
  const program = join(root, 'bench/arm/onnxruntime-inference.js');
  return grouped(
    countTurn((runs) => ['-cpu', 'cortex-a72', '-L', machine, node, program, network, runs], 3),
    ({ object }) => (object === '-' ? 'compiled JavaScript' : object),
  );
}

const { values } = parseArgs({
  options: { json: { type: 'string' }, caches: { type: 'string', default: '32x512' }, onnxruntime: { type: 'string' } },
});
const ghostnet = countGhostnet(values.caches);
console.log(table('ghostnet', ghostnet));
const onnxruntime = values.onnxruntime ? countOnnxruntime(values.onnxruntime) : undefined;
if (onnxruntime) {
  const [ours, theirs] = [ghostnet, onnxruntime].map((rows) => sum(rows.flatMap(({ counts }) => counts)));
  console.log(
    `\n${table('onnxruntime-node', onnxruntime)}\n\nghostnet / onnxruntime-node: ${(ours / theirs).toFixed(2)}`,
  );
}
if (values.json)
  writeFileSync(values.json, `${JSON.stringify({ classes, caches: values.caches, ghostnet, onnxruntime }, null, 2)}\n`);
