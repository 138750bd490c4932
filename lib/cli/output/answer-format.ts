import type { PictureId, Pictures } from '../pictures/work.js';
import type { StartTimings, Timed } from '../pictures/timed-model.js';
import { visible } from './escape.js';
import { print, printJson } from './print.js';
import { startInWords, timingsInColumns, timingsInWords, timingsJson } from './timings.js';

/** How an answer is printed. */
export type AnswerFormat<Answer> = (picture: PictureId, timed: Timed<Answer>) => void;

/** An answer's parts, in each of the formats. */
export interface Parts<Answer> {
  /** The fields of JSON. */
  readonly json: (answer: Answer) => object;
  /** A head, and a row for each thing in the answer. */
  readonly csv: { readonly head: string; readonly rows: (file: string, answer: Answer) => readonly string[] };
  /** Lines below the name of one image. */
  readonly table: (answer: Answer) => readonly string[];
  /** Behind the name, of several. */
  readonly line: (answer: Answer) => string;
}

/** The format that is asked for; a single image that is named has a table of its own. */
export function formatOf<Answer>(
  { json, csv, table, line }: Parts<Answer>,
  options: { readonly json?: boolean; readonly csv?: boolean },
  { found, nameWidth }: Pictures,
  start: StartTimings,
): AnswerFormat<Answer> {
  if (options.json) {
    const times = timingsJson(start);
    return (picture, timed) => printJson({ ...picture.json, ...times(timed), ...json(timed.answer) });
  }
  if (options.csv) {
    print(csv.head);
    return ({ name }, { answer }) => csv.rows(name, answer).forEach(print);
  }
  if (found.length === 1 && found[0]!.kind === 'file')
    return ({ name }, timed) => {
      print(`${name}  ${timingsInWords(timed)}`);
      table(timed.answer).forEach(print);
      print(startInWords(start));
    };
  return ({ name }, timed) =>
    print(`${visible(name).padEnd(nameWidth)}  ${timingsInColumns(timed)}  ${line(timed.answer)}`);
}
