import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** @typedef {import('./contenders/index.js').Contender} Contender */

/**
 * @typedef {object} LoadTask what a process needs to load a case
 * @property {import('./contenders/index.js').ModelFiles} files
 * @property {string} inputFile raw float32
 * @property {[number, number, number, number]} shape of the input
 * @property {number} threads
 */

/** @param {string} file */
function pathOf(file) {
  return fileURLToPath(new URL(file, import.meta.url));
}

/**
 * Writes the files of a case, and says what a process needs to load it.
 *
 * @param {string} folder
 * @param {import('./options.js').Case} aCase
 * @param {boolean} simplified whether the ONNX graph lacks the Slice after every concat
 * @returns {Promise<LoadTask>}
 */
export async function exportCase(folder, { model, shape, threads }, simplified) {
  const script = ['--import', import.meta.resolve('tsx'), pathOf('export-case.ts')];
  const { stdout } = await run(process.execPath, [
    ...script,
    folder,
    model,
    shape.join('x'),
    ...(simplified ? ['simplified'] : []),
  ]);
  const files = { folder, onnx: `${folder}/model.onnx`, outputs: JSON.parse(stdout) };
  return { files, inputFile: `${folder}/input.f32`, shape, threads };
}

/**
 * The figures of one fresh start.
 *
 * @param {Contender | undefined} contender none: Node alone
 * @param {LoadTask} load
 * @returns {Promise<{ startMs: number, peakMemoryBytes: number }>}
 */
export async function freshStart(contender, load) {
  const task = JSON.stringify({ engine: contender?.engine ?? 'none', ...load });
  const env = { ...process.env, ...contender?.environment };
  const { stdout } = await run(process.execPath, [pathOf('fresh-start.js'), task], { env });
  return JSON.parse(stdout);
}

/** A contender's process, alive and idle between its tasks. */
export class ContenderProcess {
  #process;
  #exit;
  #idle = { cpuMs: 0, wallMs: 0 };

  /** @param {Contender} contender */
  constructor(contender) {
    this.contender = contender;
    this.#process = fork(pathOf('contender-process.js'), {
      serialization: 'advanced',
      env: { ...process.env, ...contender.environment },
    });
    this.#exit = once(this.#process, 'exit');
  }

  /**
   * @param {LoadTask} task
   * @returns {Promise<string>} what the engine says of itself
   */
  async load(task) {
    return (await this.#answer({ task: 'load', engine: this.contender.engine, ...task })).result;
  }

  /**
   * @param {'outputs' | 'latency' | 'throughput' | 'loopDelay'} task those of contender-process.js
   * @param {object} [options]
   * @returns {Promise<any>} the task's result
   */
  async ask(task, options = {}) {
    const { result, idle } = await this.#answer({ task, ...options });
    this.#idle.cpuMs += idle.cpuMs;
    this.#idle.wallMs += idle.wallMs;
    return result;
  }

  /** CPU seconds per second that it spent between its tasks. */
  get idleLoad() {
    return this.#idle.cpuMs / this.#idle.wallMs;
  }

  /** @param {{ task: string, [option: string]: any }} question */
  async #answer(question) {
    const answer = once(this.#process, 'message');
    this.#process.send(question);
    const [message] = await Promise.race([answer, this.#exit.then(() => [{ error: 'its process ended' }])]);
    if (message.error !== undefined)
      throw new Error(`${this.contender.name} failed (${question.task}): ${message.error}`);
    return message;
  }

  async close() {
    if (this.#process.connected) this.#process.disconnect();
    await this.#exit;
  }
}
