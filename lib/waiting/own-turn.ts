let last: Promise<void> = Promise.resolve();

/**
 * A turn of the event loop that nobody else gets who asks here: before a stretch of a few milliseconds on the
 * JavaScript thread, so that stretches of several loads do not follow each other without a timer or a connection in
 * between.
 */
export function ownTurn(): Promise<void> {
  last = last.then(() => new Promise((resolve) => setImmediate(resolve)));
  return last;
}
