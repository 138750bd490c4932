import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    // Native threads and worker_threads are tested too: processes keep the files apart.
    pool: 'forks',
  },
});
