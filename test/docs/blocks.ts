/** A block of code in a document, as a reader sees it. */
export interface Block {
  /** As `docs/models.md:6`. */
  readonly place: string;
  readonly language: string;
  readonly code: string;
  /** From `<!-- not run: REASON -->` on the line before it. */
  readonly notRun?: string;
  /** The block without a language that follows: what the document says is printed. */
  readonly output?: string;
}

const opening = /^ *```(\w*)$/;
const reason = /^<!-- (not run|not compared): (.+) -->$/;

interface Fence {
  readonly line: number;
  readonly language: string;
  readonly code: string;
  readonly before: string;
  readonly first: boolean;
}

/** The fenced blocks; `first`: words stand between it and the block before. */
function fences(lines: readonly string[]): Fence[] {
  const found: Fence[] = [];
  let start = -1;
  let words = true;
  for (const [at, line] of lines.entries()) {
    if (start >= 0) {
      if (line.trim() !== '```') continue;
      const indent = /^ */.exec(lines[start]!)![0].length;
      const code = lines.slice(start + 1, at).map((one) => one.slice(indent));
      found.push({
        line: start + 1,
        language: opening.exec(lines[start]!)![1]!,
        code: `${code.join('\n')}\n`,
        before: lines[start - 1]?.trim() ?? '',
        first: words,
      });
      [start, words] = [-1, false];
    } else if (opening.test(line)) start = at;
    else if (line !== '' && !reason.test(line)) words = true;
  }
  if (start >= 0) throw new Error(`the block at line ${start + 1} does not end`);
  return found;
}

/** The blocks of a document. A block without a language that follows another one directly is that one's output. */
export function blocksOf(file: string, text: string): Block[] {
  const all = fences(text.split('\n'));
  return all.flatMap((fence, i) => {
    const { line, language, code, before, first } = fence;
    if (language === '' && !first) return [];
    const next = all[i + 1];
    const [, what, why] = reason.exec(before) ?? [];
    const output = next?.language === '' && !next.first && !reason.test(next.before) ? next.code : undefined;
    return [
      {
        place: `${file}:${line}`,
        language,
        code,
        ...(what === 'not run' && { notRun: why! }),
        ...(output !== undefined && { output }),
      },
    ];
  });
}

/** Lines that are code by their indentation alone, which says neither what they are nor whether they run. */
export function indentedBlocks(text: string): string[] {
  const lines = text.replaceAll(/^ *```\w*\n[^]*?^ *```$/gm, '').split('\n');
  return lines.filter(
    (line, at) =>
      /^ {4}\S/.test(line) &&
      lines[at - 1] === '' &&
      !lines
        .slice(0, at)
        .findLast((before) => /^\S/.test(before))
        ?.startsWith('- '),
  );
}

/** The commands of a block for the shell, each with what the document says that it prints. */
export function commandsOf({ language, code, output }: Block): { command: string; output: string | undefined }[] {
  if (language === 'sh') return [{ command: code, output }];
  return code
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [command, ...printed] = part.trimEnd().split('\n');
      return { command: command!, output: printed.length > 0 ? printed.join('\n') : undefined };
    });
}

/**
 * Statements as `model.config.numClasses;   // 1000` say what a value is; `data` stands for numbers that are not shown.
 */
export function checked(code: string): string {
  const claims =
    /^(?!const |let |await |import |export )(\w[^\n]*);[ \t]*\n?((?:[ \t]*\/\/ .*\n)*?[ \t]*\/\/ [['{\d](?:.*\n)(?:[ \t]*\/\/ .*\n)*)/gm;
  let checks = 0;
  const program = `${code}\n`.replaceAll(claims, (_, value: string, comment: string) => {
    checks++;
    const shown = comment.replaceAll(/^[ \t]*\/\/ /gm, '').replaceAll(/\bdata,/g, 'data: undefined,');
    return `sameAsShown(${value}, ${shown.trim()});\n`;
  });
  const helper = `import { deepEqual } from 'node:assert/strict';
function sameAsShown(value, shown) { deepEqual(JSON.parse(JSON.stringify(value, (key, part) => (key === 'data' ? undefined : part))), JSON.parse(JSON.stringify(shown))); }\n`;
  return checks > 0 ? helper + program : program;
}

/** What depends on the machine and the minute, in lines that begin with these words. */
const machineLine = /^(ghostnet|CPU|kernels|threads|machine|system|load|file) .*/;
/** What not every system tells. */
const optionalLine = /^(clock|heat|throttled) /;

/**
 * The text with what differs from run to run taken out: numbers, spaces, how many rows there are, what the machine is
 * called.
 */
export function comparable(text: string): string[] {
  return text
    .trim()
    .split('\n')
    .map((line) =>
      line
        .trim()
        .replace(machineLine, '$1')
        .replaceAll(/\d+(?:\.\d+)?/g, '#')
        .replaceAll(/ +/g, ' '),
    )
    .filter((line, at, all) => line !== all[at - 1] && !optionalLine.test(line));
}
