import type { Box, Detection } from '../../tasks/detection.js';
import type { TrackedDetection } from '../../tracking/tracker.js';
import type { Event } from '../following/follower.js';
import type { PictureId } from '../pictures/work.js';
import type { Parts } from './answer-format.js';
import { csvField, visible } from './escape.js';
import { percent, print, printJson, round } from './print.js';

/** What was found, and where it is followed its number. */
export type Found = Detection | TrackedDetection;

const sides = ['xmin', 'ymin', 'xmax', 'ymax'] as const;

/** @param areTracked whether they have numbers */
export function detectionParts(areTracked: boolean): Parts<readonly Found[]> {
  return {
    json: (found) => ({ detections: found.map(rounded) }),
    csv: {
      head: `image,index,label,score,${sides.join()}${areTracked ? ',id' : ''}`,
      rows: (file, found) =>
        found.map((one) => {
          const { index, label, score, box } = rounded(one);
          const corners = sides.map((side) => box[side]);
          return [file, index, label, score, ...corners, ...('id' in one ? [one.id] : [])].map(csvField).join(',');
        }),
    },
    table: (found) => {
      const width = Math.max(...found.map((one) => visible(nameOf(one)).length));
      const rows = found.map((one) => {
        const name = visible(nameOf(one)).padEnd(width);
        return `  ${name}  ${percent(one.score).padStart(7)}  ${cornersOf(one.box)}`;
      });
      return rows.length > 0 ? rows : ['  nothing'];
    },
    line: (found) =>
      found.map((one) => `${nameOf(one)} ${percent(one.score)} (${cornersOf(one.box)})`).join('; ') || 'nothing',
  };
}

/** `person #3` */
function nameOf(found: { readonly label: string; readonly id?: number }): string {
  return found.id === undefined ? found.label : `${found.label} #${found.id}`;
}

/** `312,95 to 372,262` */
function cornersOf(box: Box): string {
  const [left, top, right, bottom] = sides.map((side) => Math.round(box[side]));
  return `${left!},${top!} to ${right!},${bottom!}`;
}

function rounded(found: Found): Found {
  const box = Object.fromEntries(sides.map((side) => [side, round(found.box[side], 2)])) as unknown as Box;
  return { ...found, score: round(found.score, 6), box };
}

/** A line for what has happened. */
export function printEvent(picture: PictureId, event: Event, asJson: boolean): void {
  if (asJson) {
    printJson({ ...event, ...('dwellMs' in event && { dwellMs: round(event.dwellMs, 2) }), ...picture.json });
    return;
  }
  const place = 'line' in event ? `line ${event.line}` : `zone ${event.zone}`;
  const after =
    event.event === 'dwell' || event.event === 'leave' ? ` after ${(event.dwellMs / 1000).toFixed(1)} s` : '';
  print(`${picture.name}  ${nameOf(event)}: ${event.event}, ${place}${after}`);
}
