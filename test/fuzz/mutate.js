// From one input to the next.

/** What parsers of lengths and counts stumble over. */
const numbers = [
  0n,
  1n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0x1fffffffffffffn,
  0x7fffffffffffffffn,
  0xffffffffffffffffn,
];

/** @param {number} below */
const random = (below) => Math.floor(Math.random() * below);
/** @template T @param {readonly T[]} items */
const oneOf = (items) => items[random(items.length)];

function number() {
  const bytes = Buffer.alloc(8);
  const value = oneOf(numbers);
  if (random(2)) bytes.writeBigUInt64LE(value);
  else bytes.writeBigUInt64BE(value);
  const size = oneOf([1, 2, 4, 8]);
  // The end where the number's low bytes are, or the other one.
  return random(2) ? bytes.subarray(0, size) : bytes.subarray(8 - size);
}

/** A part of `bytes`, mostly a short one. */
function part(bytes) {
  const from = random(bytes.length);
  return bytes.subarray(from, from + 1 + random(random(4) ? 16 : bytes.length));
}

const replaced = (bytes, from, to, by) => Buffer.concat([bytes.subarray(0, from), by, bytes.subarray(to)]);

function overwritten(bytes, at, by) {
  const changed = Buffer.from(bytes);
  by.copy(changed, at);
  return changed;
}

/** Each takes an input that is not empty, another one, and the words of its language. */
const changes = [
  (bytes) => overwritten(bytes, random(bytes.length), Buffer.of(random(256))),
  (bytes) => {
    const at = random(bytes.length);
    return overwritten(bytes, at, Buffer.of(bytes[at] ^ (1 << random(8))));
  },
  (bytes) => {
    const at = random(bytes.length);
    return overwritten(bytes, at, Buffer.of((bytes[at] + random(9) - 4) & 0xff));
  },
  (bytes) => overwritten(bytes, random(bytes.length), number()),
  (bytes) => overwritten(bytes, random(bytes.length), part(bytes)),
  (bytes, other) => overwritten(bytes, random(bytes.length), part(other)),
  (bytes, other, words) => overwritten(bytes, random(bytes.length), oneOf(words)),
  (bytes, other, words) => {
    const at = random(bytes.length + 1);
    return replaced(bytes, at, at, oneOf(words));
  },
  (bytes, other) => {
    const at = random(bytes.length + 1);
    return replaced(bytes, at, at, part(other));
  },
  (bytes) => {
    const from = random(bytes.length);
    return replaced(bytes, from, from + 1 + random(random(4) ? 8 : bytes.length), Buffer.alloc(0));
  },
  (bytes) => bytes.subarray(0, 1 + random(bytes.length)),
  (bytes, other) => Buffer.concat([bytes.subarray(0, random(bytes.length)), other.subarray(random(other.length))]),
];

/**
 * @param {readonly Buffer[]} inputs of which one is changed
 * @param {readonly Buffer[]} words of their language
 * @param {number} maxBytes
 * @returns {Buffer}
 */
export function mutate(inputs, words, maxBytes) {
  // Half of the time one of the newest: what has just been reached is explored first.
  const base = random(2) ? oneOf(inputs) : inputs[inputs.length - 1 - random(Math.min(inputs.length, 20))];
  let bytes = base;
  for (let left = 1 + random(random(2) ? 3 : 8); left > 0; left--) {
    if (bytes.length === 0) bytes = oneOf(words);
    bytes = oneOf(changes)(bytes, oneOf(inputs), words);
    if (bytes.length > maxBytes) bytes = bytes.subarray(0, maxBytes);
  }
  return bytes;
}
