// Fuzzes one parser: inputs that take ways which none has taken before are kept and changed further. A process of its
// own, for one that hangs or eats the memory is to be ended from outside.
//     node explore.js NAME current-file seconds | node explore.js NAME current-file --repeat file
// `current-file` holds what is being read, `current-file.input` the input that it was made of. Says by process.send how
// it goes; ends at the first find.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { GhostNetError } from '../../dist/errors.js';
import { Coverage } from './coverage.js';
import { corpusFolder, workFolder } from './folders.js';
import { mutate } from './mutate.js';
import { parsersOf } from './parsers.js';
import { readSamples } from './samples.js';

const maxMs = 4000;
const maxMemoryKiB = 2 ** 20;
const maxBytes = 4096;

const [name, current, ...how] = process.argv.slice(2);
const parser = parsersOf(await readSamples())[name];

/** @returns {Promise<string | undefined>} what was wrong */
async function fault(input) {
  const bytes = parser.wrap?.(input) ?? input;
  writeFileSync(`${current}.input`, input);
  writeFileSync(current, bytes);
  const startMs = performance.now();
  const late = new AbortController();
  try {
    const read = parser.read(bytes, current).then(() => undefined);
    const wrong = await Promise.race([read, wait(maxMs, 'it does not end', { signal: late.signal })]);
    if (wrong) return wrong;
  } catch (error) {
    if (!(error instanceof GhostNetError)) return error?.stack ?? String(error);
  } finally {
    late.abort();
  }
  const ms = performance.now() - startMs;
  if (ms > maxMs) return `it took ${ms.toFixed(0)} ms`;
  const { maxRSS } = process.resourceUsage();
  return maxRSS > maxMemoryKiB ? `it took ${Math.round(maxRSS / 1024)} MiB of memory` : undefined;
}

const filesOf = (folder) =>
  existsSync(folder) ? readdirSync(folder).map((file) => readFileSync(join(folder, file))) : [];

async function explore(seconds) {
  const found = join(workFolder, 'corpus', name);
  mkdirSync(found, { recursive: true });
  const coverage = new Coverage((url) => url.includes('/dist/'));
  await coverage.start();
  const waiting = [...parser.seeds, ...filesOf(join(corpusFolder, name)), ...filesOf(found)];
  const kept = [...parser.seeds];
  const endMs = performance.now() + seconds * 1000;
  let executions = 0;
  let saidMs = 0;
  while (waiting.length > 0 || performance.now() < endMs) {
    const given = waiting.pop();
    const input = given ?? mutate(kept, parser.words, maxBytes);
    const wrong = await fault(input);
    executions++;
    if (wrong) return process.send({ wrong, input: input.toString('base64') });
    if ((await coverage.take()) > 0) {
      kept.push(input);
      if (!given) writeFileSync(join(found, createHash('sha1').update(input).digest('hex')), input);
    }
    if (performance.now() - saidMs < 1000) continue;
    saidMs = performance.now();
    process.send({ executions, blocks: coverage.size, inputs: kept.length });
  }
  process.send({ executions, blocks: coverage.size, inputs: kept.length, ended: true });
}

if (how[0] === '--repeat') process.send({ wrong: await fault(readFileSync(how[1])), ended: true });
else await explore(Number(how[0]));
process.disconnect();
