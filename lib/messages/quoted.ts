/** The beginning of a text that may be long. */
export function shortened(text: string, mostLetters = 100): string {
  return text.length > mostLetters ? `${text.slice(0, mostLetters)}…` : text;
}

/** A path that is longer is likely to be something else, as a picture in base64. */
export const mostPathLetters = 200;

/** A path as it may stand in a message. */
export function shownPath(path: string): string {
  return shortened(path, mostPathLetters);
}

/** Text from a file as it may stand in a message: short, on one line, without control characters. */
export function quoted(text: string): string {
  return JSON.stringify(shortened(text, 80));
}

/** A dotted name as it is, anything else in quotes. */
export function plain(path: string): string {
  return /^[\w.]{1,80}$/.test(path) ? path : quoted(path);
}

/** A shape as it may stand in a message: a hostile one can have millions of dimensions. */
export function shapeText(shape: readonly number[]): string {
  return `[${shape.slice(0, 8).join(', ')}${shape.length > 8 ? ', …' : ''}]`;
}
