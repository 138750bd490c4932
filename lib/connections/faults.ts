/** What may go better next time: the network, or a server with too much to do. `message` continues "…: ". */
export class PassingFault extends Error {
  constructor(
    message: string,
    /** How long the server asks to wait. */
    readonly waitMs?: number,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}
