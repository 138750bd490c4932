// What the inner loops of the NEON kernels cost on two models of cores, by llvm-mca: no ARM machine is needed.
//   node bench/arm/mca.js [--json FILE]
// Needs llvm-mca and llvm-cxxfilt of LLVM 19 (Debian: apt-get install llvm-19) and the compiler of the Linux binaries,
// which packaging/zig.js finds or installs. See docs/arm.md.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { zigEnvironment, zigPath } from '../../packaging/zig.js';
import { contentOf, functionsOf, innerLoops } from './assembly.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** As binding.gyp has them. */
const flags = ['-std=c++17', '-O3', '-fvisibility=hidden', '-fno-math-errno', '-fPIC'];

/**
 * LLVM has no model of its own for these cores. It gives Cortex-A72 the one of Cortex-A57, whose vector units are alike
 * (one multiply-add of 128 bits a cycle). Cortex-A76 gets the one of Neoverse N1, its sister for servers (two a cycle).
 * The core takes four instructions a cycle and makes up to eight micro-operations of them, where the model knows
 * micro-operations alone: of four a cycle it does too little (a vector's load is two, a store four), of eight too much
 * unless four instructions bound it as well. The truth lies between the two.
 */
const cores = [
  { name: 'A72', options: ['-mcpu=cortex-a72'], macsPerCycle: 4, operations: 3, instructions: 3 },
  { name: 'A76 (4)', options: ['-mcpu=neoverse-n1', '-dispatch=4'], macsPerCycle: 8, operations: 4, instructions: 4 },
  { name: 'A76 (8)', options: ['-mcpu=neoverse-n1', '-dispatch=8'], macsPerCycle: 8, operations: 8, instructions: 4 },
];

const kernels = [
  ['pointwise, 16 lanes', 'pointwise_tiles<\\d+, 16, 16>'],
  ['pointwise, 8 lanes', 'pointwise_tiles<\\d+, 8, 8>'],
  ['pointwise, 4 lanes', 'pointwise_tiles<\\d+, 4, 4>'],
  ['planar_conv, 16 lanes', 'planar_conv_tile<\\d+, 16, 16>'],
  ['planar_conv, 8 lanes', 'planar_conv_tile<\\d+, 8, 8>'],
  ['depthwise 3x3', 'depthwise<16, 3, 3, 1, .*>'],
  ['depthwise 3x3 stride 2', 'depthwise<16, 3, 3, 2, .*>'],
  ['depthwise 5x5', 'depthwise<16, 5, 5, 1, .*>'],
  ['depthwise 5x5 stride 2', 'depthwise<16, 5, 5, 2, .*>'],
  ['depthwise 1x5', 'depthwise<16, 1, 5, 1, .*>'],
  ['depthwise 5x1 + sigmoid', 'depthwise<16, 5, 1, 1, .*>'],
  ['ghost', 'ghost<16, .*Concat>'],
  ['ghost + gate', 'ghost<16, .*GatedDoubled>'],
  ['ghost + gate of any size', 'ghost<16, .*Gated>'],
  ['ghost + shortcut', 'ghost<16, .*Residual>'],
  ['matvec, 16 lanes', 'matvec<16>'],
];
/** The degree of the sigmoid's polynomial: that many of its multiply-adds are no part of the convolution. */
const sigmoidDegree = 6;

/** Functions by their name without namespace and parameters: "depthwise<16, 3, 3, 1, ghostnet::neon::Clamp>". */
function compile(folder) {
  const file = join(folder, 'kernels.s');
  const source = join(root, 'native/kernels/neon/kernels.cc');
  const compiler = [
    'c++',
    '-target',
    'aarch64-linux-gnu.2.28',
    ...flags,
    '-I',
    join(root, 'native'),
    '-g0',
    '-S',
    '-o',
    file,
    source,
  ];
  execFileSync(zigPath(), compiler, { env: { ...process.env, ...zigEnvironment } });
  const functions = [...functionsOf(readFileSync(file, 'utf8'))];
  const input = functions.map(([name]) => name).join('\n');
  const demangled = execFileSync('llvm-cxxfilt-19', { input, encoding: 'utf8' }).split('\n');
  return functions.map(([, lines], i) => ({
    name: demangled[i].replace(/^.*?ghostnet::neon::(.*)\(.*$/, '$1'),
    lines,
  }));
}

/** Of all loops of a kernel the one with most multiply-adds: the others are for what is left at the ends. */
function hottestLoop(functions, pattern) {
  const name = new RegExp(`^${pattern}$`);
  const loops = functions.filter((f) => name.test(f.name)).flatMap((f) => innerLoops(f.lines));
  const hottest = loops.sort((a, b) => contentOf(b).multiplyAdds - contentOf(a).multiplyAdds)[0];
  if (!hottest || contentOf(hottest).multiplyAdds === 0)
    throw new Error(`Expected a loop with multiply-adds in a function ${pattern}; found none.`);
  return hottest;
}

/** LLVM's names for what the models have, by their last letters. */
const units = {
  V: 'vectors',
  W: 'vectors',
  X: 'vectors',
  L: 'loads',
  S: 'stores',
  I: 'integers',
  M: 'integers',
  B: 'branches',
};

/** What is busy all the time, if anything is; else sums wait for sums. */
function boundOf(region, resources, cycles, core) {
  const instructions = region.Instructions.length;
  const totals = region.ResourcePressureView.ResourcePressureInfo.filter((r) => r.InstructionIndex === instructions);
  const busiest = totals.sort((a, b) => b.ResourceUsage - a.ResourceUsage)[0];
  const { TotaluOps: operations, Iterations: iterations } = region.SummaryView;
  if (busiest.ResourceUsage > 0.95 * cycles) return units[/Unit([A-Z])/.exec(resources[busiest.ResourceIndex])[1]];
  const dispatch = Math.max(instructions / core.instructions, operations / iterations / core.operations);
  return dispatch > 0.95 * cycles ? 'dispatch' : 'latency';
}

function simulate(loop, macs, core, folder) {
  const file = join(folder, 'loop.s');
  writeFileSync(file, `${loop.join('\n')}\n`);
  const report = execFileSync(
    'llvm-mca-19',
    ['-mtriple=aarch64', ...core.options, '-iterations=1000', '--json', file],
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  const {
    CodeRegions: [region],
    TargetInfo,
  } = JSON.parse(report);
  const cycles = Math.max(
    region.SummaryView.TotalCycles / region.SummaryView.Iterations,
    loop.length / core.instructions,
  );
  return {
    core: core.name,
    cycles,
    macsPerCycle: macs / cycles,
    percentOfLimit: (100 * macs) / cycles / core.macsPerCycle,
    boundBy: boundOf(region, TargetInfo.Resources, cycles, core),
  };
}

function measure(functions, [kernel, pattern], folder) {
  const loop = hottestLoop(functions, pattern);
  const content = contentOf(loop);
  const macs = 4 * (content.multiplyAdds - sigmoidDegree * content.divisions);
  return { kernel, macs, ...content, cores: cores.map((core) => simulate(loop, macs, core, folder)) };
}

function table(rows) {
  const head = [
    'inner loop of',
    'MAC',
    'instructions',
    'loads',
    'stores',
    'spills',
    ...cores.flatMap(({ name }) => [`${name}: cycles`, 'of limit', 'bound by']),
  ];
  const body = rows.map((r) => [
    r.kernel,
    r.macs,
    r.instructions,
    r.loads,
    r.stores,
    r.stack,
    ...r.cores.flatMap((c) => [c.cycles.toFixed(1), `${c.percentOfLimit.toFixed(0)} %`, c.boundBy]),
  ]);
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...body.map(line)].join('\n');
}

const { values } = parseArgs({ options: { json: { type: 'string' } } });
const folder = mkdtempSync(join(tmpdir(), 'ghostnet-mca-'));
try {
  const functions = compile(folder);
  const rows = kernels.map((kernel) => measure(functions, kernel, folder));
  console.log(table(rows));
  if (values.json) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
