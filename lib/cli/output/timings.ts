import type { StartTimings, Timings } from '../pictures/timed-model.js';
import { round } from './print.js';

/** As JSON has them; what is done once is told of the first picture alone. */
export function timingsJson(start: StartTimings): (timings: Timings) => Partial<Timings & StartTimings> {
  let first: Partial<StartTimings> = inHundredths(start);
  return ({ decodeMs, preprocessMs, networkMs, latencyMs }) => {
    const all = { ...inHundredths({ decodeMs, preprocessMs, networkMs, latencyMs }), ...first };
    first = {};
    return all;
  };
}

function inHundredths<T extends Timings | StartTimings>(timings: T): T {
  return Object.fromEntries(
    Object.entries(timings).map(([name, ms]: [string, number]) => [name, round(ms, 2)]),
  ) as unknown as T;
}

/** `decode  11.2  preprocess   0.4  network   2.4 ms` */
export function timingsInColumns({ decodeMs, preprocessMs, networkMs }: Timings): string {
  const [decode, preprocess, network] = [decodeMs, preprocessMs, networkMs].map((ms) => ms.toFixed(1).padStart(5));
  return `decode ${decode!}  preprocess ${preprocess!}  network ${network!} ms`;
}

/** `(decode 11.2 ms, preprocess 0.4 ms, network 2.4 ms)` */
export function timingsInWords({ decodeMs, preprocessMs, networkMs }: Timings): string {
  return `(decode ${decodeMs.toFixed(1)} ms, preprocess ${preprocessMs.toFixed(1)} ms, network ${networkMs.toFixed(1)} ms)`;
}

export function startInWords({ loadModelMs, loadDecoderMs }: StartTimings): string {
  return `before it: model loaded in ${loadModelMs.toFixed(1)} ms, decoder in ${loadDecoderMs.toFixed(1)} ms`;
}
