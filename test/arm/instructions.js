// Looks for instructions above an architecture's baseline in a binary, and for those above its own instruction set in
// each family of kernels. Needs the binary's symbols: a kernel is known by its namespace.
import { isOnPath } from './emulator.js';
import { runToEnd } from './processes.js';
import { Absent } from './results.js';

/**
 * @typedef {object} Rule
 * @property {string | null} namespace of kernels that may have more than the baseline; null: everything else
 * @property {string[]} objdump its options: the instructions that it can decode, where it goes by that
 * @property {RegExp} above an instruction that must not be there
 */

const unknown = /^<unknown>/;
// Everything that AVX brought has names with v, its predecessors after SSE2 have none in common. bsf with a prefix that
// older CPUs ignore reads as tzcnt; xgetbv stands behind the question whether there is one.
const aboveSse2 = new RegExp(
  `^(?:v(?!er[rw])|${[
    'addsub',
    'h(?:add|sub)p',
    'lddqu',
    'mov(?:d|sh|sl)dup',
    'p(?:shufb|alignr|abs|hadd|hsub|maddubsw|mulhrsw|sign)',
    'p?blend',
    'dpp',
    '(?:extract|insert)ps',
    'movntdqa',
    'mpsadbw',
    'packusdw',
    'pcmp(?:eqq|gtq|[ei]str)',
    'p(?:extr|insr)[bdq]',
    'phminposuw',
    'p(?:max|min)(?:sb|sd|u[wd])',
    'pmov[sz]x',
    'pmul(?:dq|ld)',
    'ptest',
    'round[ps]',
    'crc32',
    'popcnt',
    'lzcnt',
    'andn[lq]?\\b',
    'bextr',
    'bls[ir]',
    'blsmsk',
    'bzhi',
    'pdep',
    'pext[lq]?\\b',
    'mulx',
    'rorx',
    's(?:ar|hl|hr)x',
    'ad[co]x',
    'movbe',
    'aes',
    'pclmul',
    'sha(?:1|256)',
    'rd(?:rand|seed)',
    'cmpxchg16b',
  ].join('|')})`,
);
const avx512 = /%zmm|%k[0-7]|%[xy]mm(?:1[6-9]|2\d|3[01])\b/;

/** @type {Record<'arm64' | 'arm' | 'x64', Rule[]>} */
export const rules = {
  x64: [
    { namespace: null, objdump: [], above: aboveSse2 },
    { namespace: 'avx2', objdump: [], above: avx512 },
    { namespace: 'avx512', objdump: [], above: /^$/ },
  ],
  // objdump decodes what the CPU named has. NEON belongs to the baseline; half precision, dot products, LSE atomics,
  // SVE do not.
  arm64: [
    { namespace: null, objdump: ['--mcpu=generic'], above: unknown },
    { namespace: 'neon_fp16', objdump: ['--mcpu=generic', '--mattr=+fullfp16'], above: unknown },
  ],
  arm: [
    { namespace: null, objdump: ['--mattr=-neon,-d32,-vfp4,-vfp4d16,-vfp4d16sp,-fp16,-hwdiv-arm'], above: unknown },
    { namespace: 'neon', objdump: ['--mattr=+neon,+vfp4,+d32'], above: unknown },
  ],
};

/**
 * Functions of the compiler's libraries that use what a CPU may not have only where it has been used before, or is
 * known to be there: atomics ask for LSE; the unwinder looks whether the frame that it leaves has tagged memory or kept
 * registers past d15.
 */
const askThemselves =
  /^__aarch64_(?:cas|swp|ldadd|ldclr|ldeor|ldset)\d+_|^_ZN9libunwind(?:17DwarfInstructions\w+13stepWithDwarf|13Registers_arm\d+(?:save|restore)VFPv3EPv$)/;

/** @returns {string | null} the kernels' namespace that a function's mangled name begins with */
function namespaceOf(name, namespaces) {
  return (
    namespaces.find((namespace) => new RegExp(`^_ZZ?NK?8ghostnet${namespace.length}${namespace}`).test(name)) ?? null
  );
}

const programs = ['llvm-objdump-19', 'llvm-objdump'];

/**
 * What each function of `file` consists of.
 *
 * @returns {Promise<Map<string, string[]>>} instructions by mangled name
 */
async function disassemble(file, options) {
  const program = programs.find(isOnPath);
  if (!program) throw new Absent(`needs ${programs[0]}: apt-get install llvm-19`);
  const text = await runToEnd(program, ['-d', '--no-show-raw-insn', '--no-leading-addr', ...options, file]);
  const functions = new Map();
  let instructions = [];
  for (const line of text.split('\n')) {
    const [, name] = /^<(.+)>:$/.exec(line) ?? [];
    if (name !== undefined) functions.set(name, (instructions = []));
    else if (/^\s+\S/.test(line)) instructions.push(line.trim().replace(/\s+/g, ' '));
  }
  return functions;
}

/**
 * @param {keyof typeof rules} arch
 * @param {string} file
 */
export async function checkInstructions(arch, file, listing = disassemble) {
  const namespaces = rules[arch].map(({ namespace }) => namespace).filter((namespace) => namespace !== null);
  const counts = [];
  const faults = [];
  const useMore = new Set();
  for (const { namespace, objdump, above } of rules[arch]) {
    const functions = await listing(file, objdump);
    let count = 0;
    for (const [name, instructions] of functions) {
      const owner = namespaceOf(name, namespaces);
      const found = instructions.findIndex((text) => above.test(text));
      if (namespace === null && found >= 0) useMore.add(owner);
      if (owner !== namespace || askThemselves.test(name)) continue;
      count += instructions.length;
      if (found >= 0) faults.push(`${name}, instruction ${found}: ${instructions[found]}`);
    }
    if (count < 1000)
      faults.push(`only ${count} instructions of ${namespace ?? 'the baseline'} were found: was the binary stripped?`);
    counts.push(`${count} of ${namespace ?? 'the baseline'}`);
  }
  // Else the rule for everything else would find nothing there either.
  for (const namespace of namespaces)
    if (!useMore.has(namespace)) faults.push(`${namespace}: its kernels have nothing above the baseline`);
  if (faults.length > 0)
    throw new Error(
      `${faults.length} faults, of instructions above what a function may have:\n  ${faults.slice(0, 20).join('\n  ')}`,
    );
  return { text: `instructions: ${counts.join(', ')}` };
}
