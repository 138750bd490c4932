import { describe, expect, it } from 'vitest';
import { glyphHeight, glyphOf } from '../../lib/drawing/font.js';

/** As one reads it, without the empty rows above and below. */
function picture(character: string): string[] {
  const rows = glyphOf(character).map((bits) =>
    bits.toString(2).padStart(5, '0').replace(/0/g, '.').replace(/1/g, '#'),
  );
  const filled = rows.map((row) => row.includes('#'));
  return rows.slice(filled.indexOf(true), filled.lastIndexOf(true) + 1);
}

describe('the font', () => {
  it('has a glyph of its own for every character of ASCII', () => {
    const characters = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
    const glyphs = characters.map((character) => glyphOf(character).join());
    expect(new Set(glyphs).size).toBe(95);
    expect(glyphs).not.toContain(glyphOf('\ufffd').join());
    expect(glyphOf(' ').some((row) => row !== 0)).toBe(false);
    for (const character of characters) expect(glyphOf(character)).toHaveLength(glyphHeight);
  });

  it('is legible', () => {
    expect(picture('A')).toEqual(['.###.', '#...#', '#...#', '#####', '#...#', '#...#', '#...#']);
    expect(picture('g')).toEqual(['.####', '#...#', '#...#', '#...#', '.####', '....#', '.###.']);
  });

  it('puts letters with accents together', () => {
    expect(picture('ä')).toEqual(['.#.#.', '.....', ...picture('a')]);
    expect(picture('Ä')).toEqual(['.#.#.', '.....', ...picture('A')]);
    expect(picture('é').slice(2)).toEqual(picture('e'));
    // The dot gives way.
    expect(picture('î')).toEqual(['..#..', '.#.#.', ...picture('i').slice(2)]);
    expect(picture('ç').slice(0, 5)).toEqual(picture('c'));
  });

  it('has all letters of Western European languages', () => {
    const unknown = glyphOf('\ufffd').join();
    const letters = Array.from('ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿŠšŽž°µ');
    expect(letters.filter((letter) => glyphOf(letter).join() === unknown)).toEqual([]);
    expect(new Set(letters.map((letter) => glyphOf(letter).join())).size).toBe(letters.length);
  });

  it('shows a box for all others', () => {
    for (const character of ['漢', '\u0007', '😀', '\ud800', 'ằ'])
      expect(glyphOf(character)).toEqual(glyphOf('\ufffd'));
  });
});
