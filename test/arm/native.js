// The C++ tests on an emulated CPU.
import { emulate } from './emulator.js';

/**
 * @param {import('./machines.js').Machine} machine
 * @param {string} program ghostnet_test
 */
export async function runNativeTests(machine, program) {
  const { code, signal, output } = await emulate(machine, program, ['--reduced']);
  const [, checks, failed] = /^(\d+) checks, (\d+) failed$/m.exec(output) ?? [];
  const tested = [...output.matchAll(/^(\w+): largest error of the sigmoid/gm)].map(([, isa]) => isa);
  if (code !== 0 || failed !== '0')
    throw new Error(`ghostnet_test ended with ${signal ?? code}:\n${output.slice(-4000)}`);
  const expected = machine.fp16 ? [...machine.isas, 'neon_fp16'] : machine.isas;
  if (String(tested) !== String(expected))
    throw new Error(`expected kernels ${expected.join(', ')} to be tested, found ${tested.join(', ')}`);
  return { text: `${checks} checks of ${tested.join(' and ')}` };
}
