import { describe, expect, it } from 'vitest';

/** The runner is plain JavaScript and no part of the type check. */
interface Instructions {
  checkInstructions: (
    arch: 'x64' | 'arm64' | 'arm',
    file: string,
    listing: (file: string, options: readonly string[]) => Promise<Map<string, string[]>>,
  ) => Promise<{ text: string }>;
}
const { checkInstructions } = (await import(new URL('instructions.js', import.meta.url).href)) as Instructions;

const plan = '_ZN8ghostnet4planEv';
const plain = '_ZN8ghostnet5plain3fmaEv';
const avx2 = '_ZN8ghostnet4avx23fmaEv';
const avx512 = '_ZN8ghostnet6avx5123fmaEv';

/** The check of a binary that is as it should be, but for these instructions. */
async function x64With(extra: Readonly<Record<string, string>>): Promise<{ text: string }> {
  const functions = new Map([
    [plan, Array<string>(1000).fill('addps %xmm0, %xmm1')],
    [plain, ['mulss %xmm0, %xmm1']],
    [avx2, Array<string>(1000).fill('vfmadd231ps %ymm0, %ymm1, %ymm2')],
    [avx512, Array<string>(1000).fill('vfmadd231ps %zmm0, %zmm1, %zmm2')],
  ]);
  for (const [name, instruction] of Object.entries(extra)) functions.get(name)!.push(instruction);
  return checkInstructions('x64', 'ghostnet.node', () => Promise.resolve(functions));
}

describe('the instruction check', () => {
  it.each([
    'movaps %xmm0, %xmm1',
    'tzcntl %eax, %ecx',
    'psubusb %xmm0, %xmm1',
    'cvtsi2sd %eax, %xmm0',
    'pextrw $1, %xmm0, %eax',
    'shlq $3, %rax',
    'punpcklqdq %xmm0, %xmm1',
  ])('finds nothing wrong with %s', async (instruction) => {
    await expect(x64With({ [plan]: instruction, [plain]: instruction })).resolves.toEqual({
      text: 'instructions: 1003 of the baseline, 1000 of avx2, 1000 of avx512',
    });
  });

  it.each([
    'vmovaps %xmm0, %xmm1',
    'haddps %xmm0, %xmm1',
    'pshufb %xmm0, %xmm1',
    'pmulld %xmm0, %xmm1',
    'pinsrd $1, %eax, %xmm0',
    'roundss $1, %xmm0, %xmm1',
    'popcntq %rax, %rcx',
    'blsrq %rax, %rcx',
    'shlxq %rax, %rcx, %rdx',
    'pcmpeqq %xmm0, %xmm1',
    'blendvps %xmm0, %xmm1, %xmm2',
  ])('finds %s outside the kernels', async (instruction) => {
    await expect(x64With({ [plan]: instruction })).rejects.toThrow(`${plan}, instruction 1000: ${instruction}`);
    await expect(x64With({ [plain]: instruction })).rejects.toThrow(`${plain}, instruction 1: ${instruction}`);
  });

  it.each([
    'vaddps %zmm0, %zmm1, %zmm2',
    'vaddps %ymm16, %ymm1, %ymm2',
    'vaddps %xmm0, %xmm1, %xmm31',
    'kmovw %k1, %eax',
  ])('finds %s among the kernels of AVX2', async (instruction) => {
    await expect(x64With({ [avx2]: instruction })).rejects.toThrow(`${avx2}, instruction 1000: ${instruction}`);
    await expect(x64With({ [avx512]: instruction })).resolves.toBeDefined();
  });

  it('goes by what the disassembler can decode on ARM', async () => {
    const listing = (neon: string, rest: string) => (_: string, options: readonly string[]) =>
      Promise.resolve(
        new Map([
          [
            '_ZN8ghostnet4neon3fmaEv',
            Array<string>(1000).fill(options.some((option) => option.includes('-neon')) ? '<unknown>' : neon),
          ],
          [plan, [...Array<string>(1000).fill('add r0, r0, r1'), rest]],
        ]),
      );
    await expect(
      checkInstructions('arm', 'ghostnet.node', listing('vfma.f32 q0, q1, q2', 'bx lr')),
    ).resolves.toBeDefined();
    await expect(checkInstructions('arm', 'ghostnet.node', listing('<unknown>', 'bx lr'))).rejects.toThrow(
      '_ZN8ghostnet4neon3fmaEv, instruction 0',
    );
    await expect(
      checkInstructions('arm', 'ghostnet.node', listing('vfma.f32 q0, q1, q2', '<unknown>')),
    ).rejects.toThrow(`${plan}, instruction 1000`);
  });

  it('does not trust a binary without symbols, nor kernels that use nothing of their own', async () => {
    const stripped = new Map([['.text', Array<string>(5000).fill('addps %xmm0, %xmm1')]]);
    await expect(checkInstructions('x64', 'ghostnet.node', () => Promise.resolve(stripped))).rejects.toThrow(
      'only 0 instructions of avx2 were found: was the binary stripped?',
    );
    await expect(checkInstructions('x64', 'ghostnet.node', () => Promise.resolve(stripped))).rejects.toThrow(
      'avx2: its kernels have nothing above the baseline',
    );
  });
});
