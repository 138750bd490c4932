/** Where something is: pixels of the picture that was given, from its upper left corner; not rounded. */
export interface Box {
  readonly xmin: number;
  readonly ymin: number;
  readonly xmax: number;
  readonly ymax: number;
}

/** Something that was found on a picture. */
export interface Detection {
  /** Of its class. */
  readonly index: number;
  readonly label: string;
  /** 0 to 1. */
  readonly score: number;
  readonly box: Box;
}
