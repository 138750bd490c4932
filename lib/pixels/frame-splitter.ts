/** Bytes that look like the beginning of a JPEG file but lead to no whole frame. */
export interface BrokenFrame {
  /**
   * `too long`: more than the most bytes allowed; `broken`: the walk over its segments met what no JPEG has; `cut off`:
   * the stream ended.
   */
  readonly reason: 'too long' | 'broken' | 'cut off';
  /** From its start to its end, or to where it breaks. */
  readonly sizeBytes: number;
}

/** Where the walk is: outside of a frame, where a marker must follow, or in entropy-coded data. */
type Place = 'between' | 'marker' | 'scan';

/** How a step of the walk ended: it goes on, more bytes are needed, or a frame is whole. */
type Step = 'on' | 'starved' | 'frame';

/** A start of image and the first byte of the marker that must follow: two bytes alone are too likely in other data. */
const startOfFrame = Buffer.from([0xff, 0xd8, 0xff]);

/** Second bytes of markers. From `segments` on, all but those from `restart0` to `endOfImage` have a length. */
const code = {
  segments: 0xc0,
  restart0: 0xd0,
  restart7: 0xd7,
  startOfImage: 0xd8,
  endOfImage: 0xd9,
  startOfScan: 0xda,
  application0: 0xe0,
} as const;

/** What is looked at in one go, so that a large chunk costs no more memory than many small ones. */
const sliceBytes = 65536;

/**
 * Cuts a stream of bytes into JPEG files. A frame is followed from marker to marker: segments are skipped by their
 * length, so a thumbnail inside of one does not end the frame, and only entropy-coded data are searched.
 *
 * A frame that is cut off within metadata (APPn) may take the next one with it, if the length happens to lead to one of
 * that one's markers: both can hold a picture, so nothing tells which it is. Cut off anywhere else, it is told from the
 * next.
 *
 * Memory: a frame that grows beyond the limit is followed to its end but not kept, so it is never more than
 * `maxFrameBytes` plus one segment (64 KiB) plus one slice (64 KiB). Time: linear. Where a walk fails, the search goes
 * on within the last segment, whose length led astray; all before that is never looked at again.
 */
export class FrameSplitter {
  readonly #maxFrameBytes: number;
  readonly #onBroken: (broken: BrokenFrame) => void;
  #memory = Buffer.alloc(sliceBytes);
  /** The part of the memory that is filled. All offsets below count from its start. */
  #bytes = this.#memory.subarray(0, 0);
  #place: Place = 'between';
  /** The frame's first byte; below 0 once that is no longer kept. */
  #start = 0;
  /** The next byte to look at. Beyond the end of what is here while a segment's rest is still to come. */
  #at = 0;
  /** Where the next frame is looked for if this one breaks. */
  #resume = 0;
  /** The frame has had entropy-coded data: without, it is no picture. */
  #scanned = false;

  constructor(maxFrameBytes: number, onBroken: (broken: BrokenFrame) => void) {
    this.#maxFrameBytes = maxFrameBytes;
    this.#onBroken = onBroken;
  }

  /** Takes in the next bytes of the stream and gives every frame that they complete, each in memory of its own. */
  *push(chunk: Uint8Array): Generator<Uint8Array, void, undefined> {
    for (let from = 0; from < chunk.length; from += sliceBytes) {
      this.#append(chunk.subarray(from, from + sliceBytes));
      while (this.#advance()) {
        const size = this.#at - this.#start;
        if (size > this.#maxFrameBytes) this.#onBroken({ reason: 'too long', sizeBytes: size });
        else yield new Uint8Array(this.#bytes.subarray(this.#start, this.#at));
      }
    }
  }

  /** The stream has ended. */
  end(): void {
    if (this.#place !== 'between') this.#onBroken({ reason: 'cut off', sizeBytes: this.#bytes.length - this.#start });
    this.#place = 'between';
    this.#bytes = this.#memory.subarray(0, 0);
    this.#at = 0;
  }

  #append(slice: Uint8Array): void {
    const tooLong = this.#bytes.length - this.#start > this.#maxFrameBytes;
    const keptFrom = this.#place === 'between' ? this.#at : tooLong ? Math.min(this.#resume, this.#at) : this.#start;
    const kept = this.#bytes.subarray(keptFrom);
    const length = kept.length + slice.length;
    if (length > this.#memory.length) {
      // Doubled, but no larger than it can ever have to be.
      const most = this.#maxFrameBytes + 2 * sliceBytes + startOfFrame.length;
      const larger = Buffer.alloc(Math.max(length, Math.min(2 * this.#memory.length, most)));
      larger.set(kept);
      this.#memory = larger;
    } else if (keptFrom > 0) {
      this.#memory.copyWithin(0, keptFrom, this.#bytes.length);
    }
    this.#memory.set(slice, kept.length);
    this.#bytes = this.#memory.subarray(0, length);
    this.#start -= keptFrom;
    this.#at -= keptFrom;
    this.#resume -= keptFrom;
  }

  /** Walks on. True at the end of a frame, `[start, at)`; false when more bytes are needed. */
  #advance(): boolean {
    let step: Step;
    do {
      if (this.#place === 'between') step = this.#findStart();
      else if (this.#place === 'marker') step = this.#passMarker();
      else step = this.#passScan();
    } while (step === 'on');
    return step === 'frame';
  }

  #findStart(): Step {
    const found = this.#bytes.indexOf(startOfFrame, this.#at);
    if (found < 0) {
      this.#at = Math.max(this.#at, this.#bytes.length - (startOfFrame.length - 1));
      return 'starved';
    }
    this.#place = 'marker';
    this.#start = found;
    this.#at = found + 2;
    this.#resume = this.#at;
    this.#scanned = false;
    return 'on';
  }

  #passMarker(): Step {
    // Any number of 0xff may come before the second byte.
    while (this.#bytes[this.#at] === 0xff && this.#bytes[this.#at + 1] === 0xff) this.#at++;
    const second = this.#bytes[this.#at + 1];
    if (second === undefined) return 'starved';
    if (this.#bytes[this.#at] !== 0xff) return this.#break(this.#resume);
    if (second === code.endOfImage && this.#scanned) {
      this.#at += 2;
      this.#place = 'between';
      return 'frame';
    }
    // The next frame: this one has lost its end.
    if (second === code.startOfImage) return this.#break(this.#at);
    if (second < code.segments || (second >= code.restart0 && second <= code.endOfImage))
      return this.#break(this.#resume);
    return this.#passSegment(second);
  }

  #passSegment(second: number): Step {
    if (this.#at + 3 >= this.#bytes.length) return 'starved';
    const length = this.#bytes.readUInt16BE(this.#at + 2);
    this.#resume = this.#at + 2;
    // The length counts its own two bytes.
    if (length < 2) return this.#break(this.#resume);
    const end = this.#at + 2 + length;
    if (second < code.application0) {
      // Tables and headers hold no picture. One that begins in them is the next frame: this one has been cut off here.
      const searched = end + startOfFrame.length - 1;
      if (searched > this.#bytes.length) return 'starved';
      const next = this.#bytes.subarray(0, searched).indexOf(startOfFrame, this.#resume);
      if (next >= 0) return this.#break(next);
    }
    this.#at = end;
    if (second === code.startOfScan) {
      this.#place = 'scan';
      this.#scanned = true;
    }
    return 'on';
  }

  /** To the next marker that is neither a stuffed 0xff nor a restart. */
  #passScan(): Step {
    // The scan's own header may still be on its way.
    while (this.#at < this.#bytes.length) {
      const found = this.#bytes.indexOf(0xff, this.#at);
      this.#at = found < 0 ? this.#bytes.length : found;
      // No frame begins in what has been searched.
      this.#resume = this.#at;
      const second = this.#bytes[this.#at + 1];
      if (second === undefined) return 'starved';
      if (second === 0xff) this.#at++;
      else if (second === 0 || (second >= code.restart0 && second <= code.restart7)) this.#at += 2;
      else {
        this.#place = 'marker';
        return 'on';
      }
    }
    return 'starved';
  }

  #break(resume: number): Step {
    this.#onBroken({ reason: 'broken', sizeBytes: this.#at - this.#start });
    this.#place = 'between';
    this.#at = resume;
    return 'on';
  }
}
