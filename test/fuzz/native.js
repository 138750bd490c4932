// The fuzzers in C++, with Clang's libFuzzer, address and undefined-behaviour sanitizers.
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runProgram } from '../arm/processes.js';
import { buildSanitized, folders } from '../sanitizers/build.js';
import { corpusFolder, workFolder } from './folders.js';
import { placeOf } from './processes.js';

export const nativeFuzzers = {
  graph: 'a graph: plan and run against the reference, and graphs that make no sense',
  preprocess: 'a picture and settings of preprocessing, against plain loops',
};

const programOf = (name) => join(folders.fuzz, `${name}_fuzzer`);

export const buildFuzzers = () =>
  buildSanitized(
    'fuzz',
    Object.keys(nativeFuzzers).map((name) => `${name}_fuzzer`),
  );

export async function runNative(name, seconds) {
  const { folder, repeat } = placeOf(name);
  const found = join(workFolder, 'corpus', name);
  const kept = join(corpusFolder, name);
  mkdirSync(found, { recursive: true });
  const options = [
    `-max_total_time=${Math.ceil(seconds)}`,
    '-max_len=1024',
    '-timeout=30',
    '-rss_limit_mb=2048',
    '-print_final_stats=1',
    `-artifact_prefix=${folder}/`,
  ];
  const before = new Set(readdirSync(folder));
  const { code, output } = await runProgram(programOf(name), [...options, found, ...(existsSync(kept) ? [kept] : [])]);
  const [, executions] = /stat::number_of_executed_units: (\d+)/.exec(output) ?? [];
  if (code === 0 && executions)
    return {
      text: `${executions} executions, ${/cov: (\d+)(?!.*cov: )/s.exec(output)?.[1]} edges of code, ${readdirSync(found).length} inputs`,
    };
  const files = readdirSync(folder).filter((file) => !before.has(file));
  throw new Error(`${output.slice(-6000)}\n${files.map((file) => `Again: ${repeat(join(folder, file))}`).join('\n')}`);
}

export async function repeatNative(name, file) {
  const { code, output } = await runProgram(programOf(name), [resolve(file)]);
  if (code !== 0) throw new Error(output.slice(-6000));
  return { text: 'nothing is wrong' };
}
