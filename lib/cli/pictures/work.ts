import type { Found } from './image-files.js';

/** A picture among those that a command works on. */
export interface PictureId {
  /** As a line begins with it: the file's name, or the frame's number. */
  readonly name: string;
  /** As JSON has it. */
  readonly json: object;
  /** From 1, frames that were passed over counted. */
  readonly number: number;
  /** When a camera's frame came, in milliseconds; undefined for files and recordings, which have no time. */
  readonly arrivedMs?: number | undefined;
}

/** The pictures of a command, before the first of them is read. */
export interface Pictures {
  /** What each argument names; none of a stream. */
  readonly found: readonly Found[];
  /** Columns of the longest name. */
  readonly nameWidth: number;
}

/** What a command does with pictures. */
export interface Work<Answer> {
  /** Of several pictures at a time. What it throws of a bad picture is reported, and the work goes on. */
  readonly ask: (image: () => Promise<string | Uint8Array>, signal: AbortSignal) => Promise<Answer>;
  /** In the pictures' order, one after the other. */
  readonly take: (picture: PictureId, answer: Answer) => void | Promise<void>;
  readonly end: () => Promise<void>;
}

export type Begin<Answer> = (pictures: Pictures, signal: AbortSignal) => Promise<Work<Answer>>;
