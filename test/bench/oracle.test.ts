import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../bench/node/oracle-heads.js', import.meta.url));
const examples = fileURLToPath(new URL('../../examples', import.meta.url));

it('every head means the same to onnxruntime', { timeout: 600_000 }, async ({ skip }) => {
  const { stdout } = await promisify(execFile)(process.execPath, [script, examples, '1']);
  if (stdout.startsWith('Skipped')) skip(stdout.trim());
  const lines = stdout.trim().split('\n');
  expect(lines.length).toBeGreaterThan(20);
  for (const line of lines) expect(line).toMatch(/passed$/);
});
