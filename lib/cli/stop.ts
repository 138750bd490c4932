/** A program that such a signal ends reports 128 and its number to the shell. */
const signalNumbers = { SIGINT: 2, SIGTERM: 15 } as const;

/** Runs `work` until it ends or until a signal comes, which it is told and which is no failure. */
export async function untilStopped(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const handlers = Object.entries(signalNumbers).map(([name, number]) => {
    const handle = (): void => {
      process.exitCode = 128 + number;
      stop.abort();
    };
    process.once(name, handle);
    return { name, handle };
  });
  try {
    await work(stop.signal);
  } catch (error) {
    // The way out that was asked for.
    if (!stop.signal.aborted) throw error;
  } finally {
    for (const { name, handle } of handlers) process.off(name, handle);
  }
}
