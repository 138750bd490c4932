// Reads the assembly for 64-bit ARM that clang writes: functions, their inner loops, and what is in a loop.

/**
 * @param {string} assembly
 * @returns {Map<string, string[]>} the lines of each function, by its mangled name
 */
export function functionsOf(assembly) {
  /** @type {Map<string, string[]>} */
  const functions = new Map();
  let current;
  for (const line of assembly.split('\n')) {
    const [, name] = /^(\w+):/.exec(line) ?? [];
    if (name) functions.set(name, (current = []));
    else if (line.startsWith('.Lfunc_end')) current = undefined;
    else current?.push(line);
  }
  return functions;
}

/**
 * @param {string[]} lines of a function
 * @returns {string[][]} the instructions of each loop that has no other within it
 */
export function innerLoops(lines) {
  /** @type {Map<string, number>} */
  const labels = new Map();
  /** @type {[begin: number, end: number][]} */
  const loops = [];
  lines.forEach((line, i) => {
    const [, label] = /^(\.L\w+):/.exec(line) ?? [];
    if (label) labels.set(label, i);
    const [, target = ''] = /^\t(?:b|b\.\w+|cbn?z|tbn?z)\t(?:.*, )?(\.L\w+)/.exec(line) ?? [];
    const begin = labels.get(target);
    if (begin !== undefined) loops.push([begin, i]);
  });
  const inner = loops.filter(([begin, end], i) => !loops.some(([b, e], j) => j !== i && b >= begin && e <= end));
  return inner.map(([begin, end]) =>
    lines
      .slice(begin, end + 1)
      .filter(isInstruction)
      .map((line) => line.replace(/\s*\/\/.*/, '')),
  );
}

/** @param {string} line */
const isInstruction = (line) => /^\t[a-z]/.test(line);

/**
 * @typedef {object} Content
 * @property {number} instructions
 * @property {number} multiplyAdds of vectors
 * @property {number} divisions of vectors
 * @property {number} loads
 * @property {number} stores
 * @property {number} stack instructions that reach for the stack: spilled registers
 */

/**
 * @param {string[]} loop
 * @returns {Content}
 */
export function contentOf(loop) {
  const count = (/** @type {RegExp} */ pattern) => loop.filter((line) => pattern.test(line)).length;
  return {
    instructions: loop.length,
    multiplyAdds: count(/^\tfml[as]\tv/),
    divisions: count(/^\tfdiv\tv/),
    loads: count(/^\tld/),
    stores: count(/^\tst/),
    stack: count(/\[sp\b/),
  };
}
