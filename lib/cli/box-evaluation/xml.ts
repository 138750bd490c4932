/** An element of XML, without its attributes. */
export interface XmlElement {
  readonly name: string;
  /** What stands in it itself, without the spaces around it. */
  readonly text: string;
  readonly children: readonly XmlElement[];
}

interface Open {
  readonly name: string;
  text: string;
  readonly children: XmlElement[];
}

/** Deeper than any annotation. */
const mostOpen = 100;

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/**
 * What labelling tools write: elements, text, comments, CDATA and the entities that XML itself has. There are no others: a document
 * type is refused.
 *
 * @returns the outermost element
 * @throws {Error} what is wrong with it
 */
export function parseXml(source: string): XmlElement {
  const token =
    /<!--[^]*?-->|<\?[^]*?\?>|<!\[CDATA\[([^]*?)\]\]>|<\/([^\s<>/]+)\s*>|<([^\s<>/!?]+)(?:\s(?:"[^"]*"|'[^']*'|[^<>"'])*?)?(\/?)>|([^<]+)/y;
  token.lastIndex = source.startsWith('\ufeff') ? 1 : 0;
  const root: Open = { name: '', text: '', children: [] };
  const open = [root];
  while (token.lastIndex < source.length) {
    const start = token.lastIndex;
    const match = token.exec(source);
    if (!match) throw new Error(`what begins at its character ${start} is no element or text`);
    const [, data, closed, opened, isEmpty, text] = match;
    const inner = open.at(-1)!;
    if (opened !== undefined) {
      const element = { name: opened, text: '', children: [] };
      inner.children.push(element);
      if (isEmpty === '') open.push(element);
      if (open.length > mostOpen) throw new Error(`its elements lie in more than ${mostOpen} others`);
    } else if (closed !== undefined) {
      if (inner === root || inner.name !== closed) throw new Error(`</${closed.slice(0, 80)}> closes nothing`);
      inner.text = inner.text.trim();
      open.pop();
    } else inner.text += data ?? (text === undefined ? '' : withoutEntities(text));
  }
  if (open.length > 1) throw new Error(`<${open.at(-1)!.name.slice(0, 80)}> is not closed`);
  if (root.children.length !== 1 || root.text.trim() !== '') throw new Error('it should have one outermost element');
  return root.children[0]!;
}

function withoutEntities(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]+));/gi,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return entities[name] ?? whole;
      const code = decimal === undefined ? parseInt(hex!, 16) : Number(decimal);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}
