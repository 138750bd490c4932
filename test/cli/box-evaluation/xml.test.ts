import { expect, it } from 'vitest';
import { parseXml } from '../../../lib/cli/box-evaluation/xml.js';

const leaf = (name: string, text: string) => ({ name, text, children: [] });

it('elements, text, attributes, comments, entities and CDATA are read', () => {
  const source = `\ufeff<?xml version="1.0" encoding="utf-8"?>
    <!-- <not>this</not> -->
    <a one="1 > 0" two='"'>
      <b> x &amp; y &lt;&#65;&#x42; &unknown; </b ><c/><c attribute="/"/><b><![CDATA[<raw> & so]]> on</b>
    </a>
    <!-- end -->`;
  expect(parseXml(source)).toEqual({
    name: 'a',
    text: '',
    children: [leaf('b', 'x & y <AB &unknown;'), leaf('c', ''), leaf('c', ''), leaf('b', '<raw> & so on')],
  });
});

it.each<[string, string]>([
  ['', 'it should have one outermost element'],
  ['text', 'it should have one outermost element'],
  ['<a/><b/>', 'it should have one outermost element'],
  ['<a><b></a></b>', '</a> closes nothing'],
  ['</a>', '</a> closes nothing'],
  ['<a>', '<a> is not closed'],
  ['<a b="', 'what begins at its character 0 is no element or text'],
  ['<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 'what begins at its character 0 is no element or text'],
  ['<a>'.repeat(200), 'its elements lie in more than 100 others'],
])('%j is refused', (source, words) => expect(() => parseXml(source)).toThrow(words));

it('a long one that goes wrong is refused soon', () => {
  const start = performance.now();
  expect(() => parseXml(`<a ${'b="" '.repeat(1e5)}`)).toThrow();
  expect(() => parseXml(`<a ${'b '.repeat(1e5)}<`)).toThrow();
  expect(performance.now() - start).toBeLessThan(5000);
});
