import { fileURLToPath } from 'node:url';

const pathOf = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

/** The repository. */
export const root = pathOf('../../');
/** Inputs that are kept: what once went wrong, and a few that lead into every corner. By fuzzer. */
export const corpusFolder = pathOf('corpus');
/** What is built and found; ignored by git. */
export const workFolder = pathOf('../../build/fuzz');
