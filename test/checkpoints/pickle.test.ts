import { describe, expect, it } from 'vitest';
import { GhostNetError } from '../../lib/errors.js';
import { unpickle } from '../../lib/checkpoints/pickle.js';
import { Opaque } from '../../lib/checkpoints/pickle-values.js';
import { errorOf } from '../../testing/error-of.js';
import { readFrom } from '../../testing/checkpoints/whole.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { pickle, tensor, torchFile } from '../../testing/checkpoints/writers.js';

const inert = { call: () => undefined, persistent: (id: unknown) => ({ id }) };
const load = (program: Buffer | string) => unpickle(Buffer.from(program as string, 'latin1'), 'file', inert);

function refusal(program: Buffer | string): GhostNetError {
  try {
    load(program);
  } catch (error) {
    if (error instanceof GhostNetError) return error;
    throw error;
  }
  throw new Error('the pickle was not refused');
}

describe('values of every protocol', () => {
  it.each<[name: string, program: string, value: unknown]>([
    ['None, True, False', '(N\x88\x89I01\nI00\nt.', [null, true, false, true, false]],
    [
      'integers',
      '(I-7\nL12L\nJ\xff\xff\xff\xffK\xffM\x01\x02\x8a\x00\x8a\x01\xff\x8a\x02\x00\x01\x8b\x01\0\0\0\x05t.',
      [-7, 12, -1, 255, 513, 0, -1, 256, 5],
    ],
    ['floats', '(F1.5\nG\x3f\xe0\0\0\0\0\0\0t.', [1.5, 0.5]],
    [
      'text',
      "(S'a b'\nVc\nT\x01\0\0\0dU\x01eX\x02\0\0\0\xc3\xa9\x8c\x01f\x8d\x01\0\0\0\0\0\0\0gt.",
      ['a b', 'c', 'd', 'e', 'é', 'f', 'g'],
    ],
    ['tuples', '()K\x01\x85K\x01K\x02\x86K\x01K\x02K\x03\x87t.', [[], [1], [1, 2], [1, 2, 3]]],
    ['lists', '(](K\x01K\x02e]K\x03a(K\x04lt.', [[1, 2], [3], [4]]],
    ['sets', '\x8f(K\x01\x90.', [1]],
    ['frozen sets', '(K\x01K\x02\x91.', [1, 2]],
    ['dicts', '(U\x01aK\x01d.', new Map([['a', 1]])],
    [
      'dicts, item by item',
      '}U\x01aK\x01s(U\x01bK\x02u.',
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
    ],
    ['the memo', '(K\x05q\x00h\x00p7\ng7\nr\x09\0\0\0j\x09\0\0\0t.', [5, 5, 5, 5]],
    ['the memo of protocol 4', '\x80\x04\x95\x05\0\0\0\0\0\0\0(K\x05\x94h\x00t.', [5, 5]],
    ['stack operations', '(K\x01K\x022K\x030(K\x08K\x0910(0t.', [1, 2]],
    ['persistent ids', '(U\x01aQPb\nt.', [{ id: 'a' }, { id: 'b' }]],
    ['protocol 5', '\x80\x05\x96\x02\0\0\0\0\0\0\0\x01\x02.', Buffer.of(1, 2)],
    ['bytes', '(C\x01\x01B\x01\0\0\0\x02\x8e\x01\0\0\0\0\0\0\0\x03t.', [Buffer.of(1), Buffer.of(2), Buffer.of(3)]],
  ])('%s', (_, program, value) => {
    expect(load(program)).toEqual(value);
  });

  it.each<[name: string, program: string]>([
    ['REDUCE', 'cm\nC\n)R.'],
    ['NEWOBJ', 'cm\nC\n)\x81.'],
    ['NEWOBJ_EX', 'cm\nC\n)}\x92.'],
    ['INST', '(K\x01im\nC\n.'],
    ['OBJ', '(cm\nC\nK\x01o.'],
    ['STACK_GLOBAL', '\x8c\x01m\x8c\x01C\x93)R.'],
    ['BUILD', 'cm\nC\n)\x81}b.'],
    ['REDUCE of a REDUCE', 'cm\nC\n)R)R.'],
    ['items of an object', 'cm\nC\n)\x81(K\x01eU\x01aK\x01s}b.'],
  ])('%s makes nothing of an unknown class', (_, program) => {
    expect(load(program)).toBeInstanceOf(Opaque);
    expect(load(program)).toMatchObject({ maker: 'm.C', kept: [] });
  });

  it('a class is its name', () =>
    expect(load('cm.n\nC.D\n.')).toMatchObject({ module: 'm.n', name: 'C.D', path: 'm.n.C.D' }));

  it('getattr of a plain attribute is the name of the attribute', () => {
    const annealing = 'c__builtin__\ngetattr\nctorch.optim.lr_scheduler\nOneCycleLR\nU\x0e_annealing_cos\x86R.';
    expect(load(annealing)).toMatchObject({ path: 'torch.optim.lr_scheduler.OneCycleLR._annealing_cos' });
  });

  it('a partial of a class that nobody knows, called, is an object of it', () => {
    expect(load('cfunctools\npartial\n(cbuiltins\ngetattr\n(cm\nC\nU\x07__new__tRcm\nC\ntR)R.')).toBeInstanceOf(Opaque);
  });
});

describe('pickles that call what can run code', () => {
  const spawn = 'cposix\nsystem\nU\x02id\x85R';
  it.each<[name: string, program: string]>([
    ['a GLOBAL deep inside another call', `cm\nC\n(cn\nD\n(${spawn}tRtR.`],
    ['STACK_GLOBAL of text of protocol 0', "S'posix' \nVsystem\n\x93)R."],
    ['after damage', `${spawn}\xff`],
  ])('%s', (_, program) => {
    const error = refusal(program);
    expect(error.code).toBe('ERR_GHOST_UNSAFE');
    expect(error.message).toContain('calls posix.system');
  });

  it.each([
    ['escapes in text', 'Vp\\u006fsix\nVsystem\n\x93.'],
    ['escapes in quotes', "S'p\\x6fsix'\nVsystem\n\x93."],
    ['a call', 'cm\njoin\n)RVsystem\n\x93.'],
  ])('STACK_GLOBAL of a name hidden by %s', (_, program) => {
    expect(refusal(program)).toMatchObject({
      code: 'ERR_GHOST_UNSAFE',
      message: expect.stringContaining('computed name'),
    });
  });

  it('numbered classes, which may be anything', () => {
    for (const program of ['\x82\x01.', '\x83\x01\x02.', '\x84\x01\x02\x03\x04.']) {
      expect(refusal(program).code).toBe('ERR_GHOST_UNSAFE');
    }
  });
});

describe('damaged pickles', () => {
  it.each<[fault: string, program: string, sentence: RegExp]>([
    ['empty', '', /1 bytes are expected at byte 0 of 0/],
    ['without an end', 'N', /1 bytes are expected at byte 1 of 1/],
    ['text cut off', 'X\x05\0\0\0ab', /5 bytes are expected at byte 5 of 7/],
    ['text longer than any file', '\x8d\xff\xff\xff\xff\xff\xff\xff\xffab', /bytes are expected/],
    ['a line without end', 'cposix', /line at byte 1 has no end/],
    ['an unknown opcode', '\xff.', /opcode 0xff at byte 0 is unknown/],
    ['an unknown protocol', '\x80\x06N.', /protocol 6 is unknown/],
    ['an empty stack', '.', /stack is empty/],
    ['a stack that is empty above the mark', 'N(\x85.', /stack is empty/],
    ['a mark that is not set', 'Nt.', /no mark is set/],
    ['a memo that is not written', 'h\x05.', /memo 5 is read before it is written/],
    ['a key without a value', '}(Nu.', /a key has no value/],
    ['a key in a number', 'K\x01(NNu.', /what is no dict/],
    ['a name without measure', `c${'a.'.repeat(600)}\nb\n.`, /a name has 1202 characters/],
    ['a name of too many steps', `c${'a.'.repeat(32)}\nb\n.`, /a name has more than 32 steps/],
    ['an item in a number', 'K\x01(Ne.', /what is no list/],
  ])('%s', (_, program, sentence) => {
    expect(refusal(program)).toMatchObject({ code: 'ERR_GHOST_CHECKPOINT', message: expect.stringMatching(sentence) });
  });

  it('that never end are stopped, however cheap their opcodes', () => {
    for (const opcode of ['}', '(', 'N', ']\x94', '\x94']) {
      expect(refusal(`N${opcode.repeat(3e6)}`).message).toMatch(/more than 2097152 opcodes/);
    }
  }, 30_000);

  it('nested without end need no deep stack', () => {
    expect(load(`${'('.repeat(5e5)}${'t'.repeat(5e5)}.`)).toBeInstanceOf(Array);
    const loop = load(']q\0h\0a.') as unknown[];
    expect(loop[0]).toBe(loop);
  });
});

it('refuses the file before it reads a tensor of it', async () => {
  const folder = temporaryFolder();
  const weights = tensor({ key: '0', storage: 'FloatStorage', length: 1, shape: [1] });
  const hook = pickle.reduce(pickle.stackGlobal(pickle.shortText('os'), pickle.shortText('system')), pickle.text('id'));
  const error = await errorOf(readFrom(folder, torchFile(pickle.dict({ w: weights, hook }))));
  expect(error).toMatchObject({
    code: 'ERR_GHOST_UNSAFE',
    message: expect.stringMatching(/calls os\.system, which is not known to be harmless/),
  });
});
