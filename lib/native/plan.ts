/** One step of a plan: stages that run together, split over the threads by rows or by groups of channels. */
export interface PlanStep {
  readonly split: 'rows' | 'groups';
  /** Why so, in words: `map of 802816 bytes > L2 / 2, weights of 1024 bytes <= L1d`. */
  readonly reason: string;
  /** Rows, groups, or rows in fours where they are made so. */
  readonly tasks: number;
  /** "node: kernel" */
  readonly stages: readonly string[];
  /** Of each thread. */
  readonly scratchBytes: number;
  readonly macs: number;
  /** Until the first thread begins the next step, whatever the number of threads; 0 unless it was measured. */
  readonly microseconds: number;
}

/** How one image of a certain size is computed. */
export interface Plan {
  readonly inputSize: readonly [height: number, width: number];
  /** The caches of one core that the plan is made for: first level (data) and second. */
  readonly l1Bytes: number;
  readonly l2Bytes: number;
  /** Values that outlive a step, of each image under way. */
  readonly arenaBytes: number;
  /** Of each thread: the largest of the steps'. */
  readonly scratchBytes: number;
  /** The weights as the kernels read them, shared by all. */
  readonly weightBytes: number;
  readonly steps: readonly PlanStep[];
}
