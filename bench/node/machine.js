import { availableParallelism, cpus, loadavg, release, type } from 'node:os';

/**
 * @typedef {object} Machine
 * @property {string} cpu
 * @property {number} cores that this process may use
 * @property {string} system
 * @property {string} node
 * @property {number} loadBefore processes that wanted to run, over the minute before the measurement
 */

/** @returns {Machine} */
export function describeMachine() {
  return {
    cpu: `${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${process.arch}`,
    cores: availableParallelism(),
    system: `${type()} ${release()}`,
    node: process.version,
    loadBefore: loadavg()[0],
  };
}
