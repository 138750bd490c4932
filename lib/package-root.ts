import { dirname } from 'node:path';

/** This package's folder: the code lies in its dist/, as compiled, or in its lib/. */
export const packageRoot = dirname(__dirname);
