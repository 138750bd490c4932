import type { Unpickler } from './pickle.js';

type Step = (machine: Unpickler) => void;

/** Ends the program; the value on top of the stack is the result. */
export const stopOpcode = 0x2e;

/** One row per opcode, in the order of its byte, with its name in Python's `pickletools`. */
const opcodes: readonly (readonly [opcode: number | string, name: string, step: Step])[] = [
  ['(', 'MARK', (m) => m.mark()],
  [')', 'EMPTY_TUPLE', (m) => m.push([])],
  ['0', 'POP', (m) => m.discard()],
  ['1', 'POP_MARK', (m) => m.popMark()],
  ['2', 'DUP', (m) => m.push(m.top())],
  ['B', 'BINBYTES', (m) => m.push(m.take(m.unsigned(4)))],
  ['C', 'SHORT_BINBYTES', (m) => m.push(m.take(m.unsigned(1)))],
  ['F', 'FLOAT', (m) => m.push(Number(m.line()))],
  ['G', 'BINFLOAT', (m) => m.push(m.take(8).readDoubleBE())],
  ['I', 'INT', (m) => m.push(integer(m.line()))],
  ['J', 'BININT', (m) => m.push(m.take(4).readInt32LE())],
  ['K', 'BININT1', (m) => m.push(m.unsigned(1))],
  ['L', 'LONG', (m) => m.push(integer(m.line()))],
  ['M', 'BININT2', (m) => m.push(m.unsigned(2))],
  ['N', 'NONE', (m) => m.push(null)],
  ['P', 'PERSID', (m) => m.persistent(m.line())],
  ['Q', 'BINPERSID', (m) => m.persistent(m.pop())],
  ['R', 'REDUCE', (m) => m.call(...m.popPair())],
  ['S', 'STRING', (m) => m.text(m.line().trimEnd().slice(1, -1))],
  ['T', 'BINSTRING', (m) => m.push(m.string(m.unsigned(4), 'latin1'))],
  ['U', 'SHORT_BINSTRING', (m) => m.push(m.string(m.unsigned(1), 'latin1'))],
  ['V', 'UNICODE', (m) => m.text(m.line())],
  ['X', 'BINUNICODE', (m) => m.push(m.string(m.unsigned(4)))],
  [']', 'EMPTY_LIST', (m) => m.push([])],
  ['a', 'APPEND', (m) => m.extend([m.pop()])],
  ['b', 'BUILD', build],
  ['c', 'GLOBAL', (m) => m.global(m.line(), m.line())],
  ['d', 'DICT', (m) => dict(m, m.popMark())],
  ['e', 'APPENDS', (m) => m.extend(m.popMark())],
  ['g', 'GET', (m) => m.recall(Number(m.line()))],
  ['h', 'BINGET', (m) => m.recall(m.unsigned(1))],
  ['i', 'INST', instance],
  ['j', 'LONG_BINGET', (m) => m.recall(m.unsigned(4))],
  ['l', 'LIST', (m) => m.push(m.popMark())],
  ['o', 'OBJ', (m) => callObject(m, m.popMark())],
  ['p', 'PUT', (m) => m.remember(Number(m.line()))],
  ['q', 'BINPUT', (m) => m.remember(m.unsigned(1))],
  ['r', 'LONG_BINPUT', (m) => m.remember(m.unsigned(4))],
  ['s', 'SETITEM', (m) => m.setItems(m.popCount(2))],
  ['t', 'TUPLE', (m) => m.push(m.popMark())],
  ['u', 'SETITEMS', (m) => m.setItems(m.popMark())],
  ['}', 'EMPTY_DICT', (m) => m.push(new Map())],
  [0x80, 'PROTO', protocol],
  [0x81, 'NEWOBJ', (m) => m.call(...m.popPair(), 'make')],
  [0x82, 'EXT1', (m) => m.extension(m.unsigned(1))],
  [0x83, 'EXT2', (m) => m.extension(m.unsigned(2))],
  [0x84, 'EXT4', (m) => m.extension(m.unsigned(4))],
  [0x85, 'TUPLE1', (m) => m.push(m.popCount(1))],
  [0x86, 'TUPLE2', (m) => m.push(m.popCount(2))],
  [0x87, 'TUPLE3', (m) => m.push(m.popCount(3))],
  [0x88, 'NEWTRUE', (m) => m.push(true)],
  [0x89, 'NEWFALSE', (m) => m.push(false)],
  [0x8a, 'LONG1', (m) => m.push(signed(m.take(m.unsigned(1))))],
  [0x8b, 'LONG4', (m) => m.push(signed(m.take(m.unsigned(4))))],
  [0x8c, 'SHORT_BINUNICODE', (m) => m.push(m.string(m.unsigned(1)))],
  [0x8d, 'BINUNICODE8', (m) => m.push(m.string(m.unsigned(8)))],
  [0x8e, 'BINBYTES8', (m) => m.push(m.take(m.unsigned(8)))],
  [0x8f, 'EMPTY_SET', (m) => m.push([])],
  [0x90, 'ADDITEMS', (m) => m.extend(m.popMark())],
  [0x91, 'FROZENSET', (m) => m.push(m.popMark())],
  [0x92, 'NEWOBJ_EX', callWithKeywords],
  [0x93, 'STACK_GLOBAL', (m) => m.global(...m.popPair())],
  [0x94, 'MEMOIZE', (m) => m.remember()],
  [0x95, 'FRAME', (m) => m.unsigned(8)],
  [0x96, 'BYTEARRAY8', (m) => m.push(m.take(m.unsigned(8)))],
];

export const steps = new Map(
  opcodes.map(([opcode, , step]) => [typeof opcode === 'string' ? opcode.charCodeAt(0) : opcode, step]),
);

function protocol(m: Unpickler): void {
  const version = m.unsigned(1);
  if (version > 5) throw m.damaged(`protocol ${version} is unknown`);
}

function dict(m: Unpickler, items: readonly unknown[]): void {
  m.push(new Map());
  m.setItems(items);
}

function callWithKeywords(m: Unpickler): void {
  m.pop();
  m.call(...m.popPair(), 'make');
}

function build(m: Unpickler): void {
  const state = m.pop();
  m.build(m.top(), state);
}

function callObject(m: Unpickler, [callable, ...args]: readonly unknown[]): void {
  m.call(callable, args);
}

function instance(m: Unpickler): void {
  m.global(m.line(), m.line());
  m.call(m.pop(), m.popMark());
}

/** The text of protocol 0, where `01` and `00` are true and false and a long ends in L. */
function integer(text: string): number | boolean {
  if (text === '01' || text === '00') return text === '01';
  return Number(text.replace(/L$/, ''));
}

/** Two's complement; exact to 2^48, and nothing in a checkpoint that counts is larger. */
function signed(bytes: Uint8Array): number {
  const magnitude = bytes.reduceRight((value, byte) => value * 256 + byte, 0);
  return (bytes.at(-1) ?? 0) < 0x80 ? magnitude : magnitude - 256 ** bytes.length;
}
