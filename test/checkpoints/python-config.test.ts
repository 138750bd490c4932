import { describe, expect, it } from 'vitest';
import { pythonConfig, type PythonValue } from '../../lib/checkpoints/python-config.js';

const map = (entries: Readonly<Record<string, PythonValue>>): ReadonlyMap<string, PythonValue> =>
  new Map(Object.entries(entries));

describe('a config of Python', () => {
  it.each<[text: string, value: PythonValue]>([
    ['1', 1],
    ['-2.5e-3', -0.0025],
    ['.5', 0.5],
    ['3.', 3],
    ['+1E3', 1000],
    ['0x10', 16],
    ["'it\\'s'", "it's"],
    ['"a\\nb"', 'a\nb'],
    ["r'a\\n'", 'a\\n'],
    ['"""one\ntwo"""', 'one\ntwo'],
    ['True', true],
    ['None', null],
    ['[1, (2, 3), []]', [1, [2, 3], []]],
    ['(1)', 1],
    ['(1,)', [1]],
    ['()', []],
    ['{}', map({})],
    ["{'a': 1, 2: [3]}", map({ a: 1, 2: [3] })],
    ['dict()', map({})],
    ['dict(\n    a=1,  # why\n    b=dict(c=None),\n)', map({ a: 1, b: map({ c: null }) })],
    ['[\n    1,\n    # two\n]', [1]],
    ["dict(type='A', f=torch.nn.ReLU, g=range(3), a=1)", map({ type: 'A', f: undefined, g: undefined, a: 1 })],
    ['1  # one', 1],
  ])('has the value of %s', (text, value) => {
    expect(pythonConfig(`before = 0\nname = ${text}\nafter = 2\n`)).toEqual(map({ before: 0, name: value, after: 2 }));
  });

  it.each([
    '1 / 255',
    '1 if x else 2',
    "f'{x}'",
    '[x for x in y]',
    'dict(**base, a=1)',
    '[1, 2',
    "'open",
    '1; 2',
    'dict(a=1)["a"]',
    '[1 2]',
    'lambda x: 1',
    '{1, 2: 3}',
    '12abc',
    '1e',
    '1.2.3',
  ])('has nothing of %s, and goes on behind it', (text) => {
    expect(pythonConfig(`name = ${text}\nafter = 2\n`)).toEqual(map({ after: 2 }));
  });

  it('has what stands at the left margin alone', () => {
    expect(pythonConfig('if x:\n    a = 1\nb == 2\nc: int = 3\nd += 4\ne = 5')).toEqual(map({ e: 5 }));
    expect(pythonConfig('a = dict(\nb=1)\na = 2')).toEqual(map({ a: 2 }));
  });

  it('is read no further than somebody writes one', () => {
    expect(pythonConfig(`a = ${'['.repeat(100_000)}`)).toEqual(map({}));
    expect(pythonConfig(`a = ${'1'.repeat(500_000)}x\nb = 2`)).toEqual(map({ b: 2 }));
    expect(pythonConfig(`a = 1\nb = [${'1,'.repeat(120_000)}]\nc = 2`)).toEqual(map({ a: 1 }));
    expect(pythonConfig(`a = 1\n#${' '.repeat(2 ** 20)}`)).toEqual(map({}));
  });
});
