import { readFileSync } from 'node:fs';

/**
 * A loaded network, used as the engine's own documentation shows it.
 *
 * @typedef {object} Engine
 * @property {string} detail what the engine says of itself: kernels, threads
 * @property {(input: Float32Array) => Promise<readonly Float32Array[]>} infer [n, 3, h, w] to the outputs, in the order of their names
 */

/**
 * One network in the engines' formats.
 *
 * @typedef {object} ModelFiles
 * @property {string} folder with model.safetensors and, where it has a head, config.json
 * @property {string} onnx
 * @property {readonly string[]} outputs the names of those that are computed: logits, or the maps of a head
 */

/**
 * @typedef {(files: ModelFiles, shape: [number, number, number, number], threads: number) => Promise<Engine>} LoadEngine
 */

/**
 * @typedef {object} Contender
 * @property {string} name as it stands in the tables
 * @property {string} engine the module in this folder
 * @property {string} version
 * @property {Record<string, string>} environment of the processes that it runs in
 */

/** Each engine's package.json. */
const packages = {
  ghostnet: '../../../package.json',
  'onnxruntime-node': '../node_modules/onnxruntime-node/package.json',
  'onnxruntime-web': '../node_modules/onnxruntime-web/package.json',
};

export const engines = /** @type {(keyof typeof packages)[]} */ (Object.keys(packages));

/**
 * @param {readonly (keyof typeof packages)[]} names
 * @param {readonly string[]} isas instruction sets that ghostnet is to be held to, one contender each; none: its choice
 * @returns {Contender[]}
 */
export function contendersOf(names, isas) {
  return names.flatMap(
    /** @returns {Contender[]} */ (engine) => {
      const { version } = JSON.parse(readFileSync(new URL(packages[engine], import.meta.url), 'utf8'));
      if (engine !== 'ghostnet' || isas.length === 0) return [{ name: engine, engine, version, environment: {} }];
      return isas.map((isa) => ({ name: `${engine} (${isa})`, engine, version, environment: { GHOSTNET_ISA: isa } }));
    },
  );
}

/**
 * @param {string} engine
 * @returns {Promise<LoadEngine>}
 */
export async function importEngine(engine) {
  return (await import(`./${engine}.js`)).loadEngine;
}
