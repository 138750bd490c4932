/**
 * What steers a terminal, ends a line or turns its direction: control characters (C0, DEL, C1), line and paragraph
 * separators, the marks of bidirectional text, and halves of surrogate pairs, which are no characters at all.
 */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/gu;

/** Halves of surrogate pairs that stand for the bytes 0x80 to 0xff of a name that is not UTF-8 (raw-paths.ts). */
const firstRawByte = 0xdc80;
const lastRawByte = 0xdcff;

/** `text` as it may be printed: `\x1b`, `\u202e`. Done twice, it changes nothing more. */
export function visible(text: string): string {
  return text.replace(unprintable, escapeOf);
}

function escapeOf(character: string): string {
  const code = character.charCodeAt(0);
  if (code >= firstRawByte && code <= lastRawByte) return hex(code & 0xff, 'x', 2);
  return code <= 0xff ? hex(code, 'x', 2) : hex(code, 'u', 4);
}

function hex(code: number, kind: 'x' | 'u', digits: number): string {
  return `\\${kind}${code.toString(16).padStart(digits, '0')}`;
}

/** JSON whose text has nothing unprintable either; whoever parses it gets the same values. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(unprintable, (character) => hex(character.charCodeAt(0), 'u', 4));
}

/** What a spreadsheet takes for the beginning of a formula, also in its full-width form. */
const formula = /^[=+\-@＝＋－＠]/;
const number = /^[+-]?\d+(?:\.\d+)?$/;

/**
 * A cell of CSV, quoted as RFC 4180 has it. Text that would be taken for a formula begins with an apostrophe, by which
 * spreadsheets know text; numbers stay numbers.
 */
export function csvField(value: string | number): string {
  const text = visible(String(value));
  const inert = formula.test(text) && !number.test(text) ? `'${text}` : text;
  return /[",]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
