import { fileURLToPath } from 'node:url';

/** The repository. */
export const root = fileURLToPath(new URL('../../', import.meta.url));
/** What is built and downloaded for these tests. */
export const workFolder = fileURLToPath(new URL('../../build/arm', import.meta.url));
/** Results of PyTorch to compare with; see testing/reference.ts. */
export const referenceFolder = fileURLToPath(new URL('../../../shared/reference/', import.meta.url));
