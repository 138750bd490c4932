import { execSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const native = fileURLToPath(new URL('../../native/', import.meta.url));
const files = readdirSync(native, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll(sep, '/'))
  .filter((file) => /\.(?:cc|h|inc)$/.test(file))
  .sort();
const textOf = (file: string): string => readFileSync(join(native, file), 'utf8');
/** Without comments, which may speak of anything. */
const codeOf = (file: string): string => textOf(file).replaceAll(/\/\/.*$/gm, '');
const filesWith = (pattern: RegExp): string[] => files.filter((file) => pattern.test(codeOf(file)));

describe('the C++ sources', () => {
  it('are compiled by gyp without being listed', () => {
    const commands = readFileSync(join(native, '../binding.gyp'), 'utf8').matchAll(
      /"sources": \[\s*"<!@\((.*)\)"\s*\]/g,
    );
    const listed = [...commands].flatMap(([, command]) => {
      const output = execSync(command!.replaceAll('\\"', '"'), { cwd: join(native, '..'), encoding: 'utf8' });
      return output.trim().split(' ');
    });
    expect(listed.sort()).toEqual(files.filter((file) => file.endsWith('.cc')).map((file) => `native/${file}`));
  });

  it('know Node in binding/ alone', () => {
    const aware = filesWith(
      /#include\s*[<"](?:napi|node|node_api|js_native_api|uv|v8)[\w/-]*\.h[>"]|\bNapi::|\bnapi_\w/,
    );
    expect(aware.length).toBeGreaterThan(3);
    expect(aware.filter((file) => !file.startsWith('binding/'))).toEqual([]);
  });

  it('use vector instructions in the folder of one instruction set alone', () => {
    const vector = filesWith(
      /\b_mm(?:256|512)?_(?!pause\b|prefetch\b)\w+|\b__m(?:128|256|512)|\bv[a-z]\w*_[fsu](?:8|16|32)\b|\b(?:float|int|uint)\d+x\d+(?:x\d)?_t\b|target\s*\(\s*"|__builtin_ia32_(?!pause\b|cpu)/,
    );
    expect(vector.length).toBeGreaterThan(3);
    const folders = /^kernels\/(?:avx2|avx512|neon|neon_fp16)\//;
    expect(vector.filter((file) => !folders.test(file))).toEqual([]);
  });

  it('ask the CPU in platform/ alone', () => {
    const asking = filesWith(
      /\bcpuid|\bxgetbv|\bgetauxval|\bsysctlbyname|\b__yield|_mm_pause|__builtin_ia32_pause|__builtin_cpu/i,
    );
    expect(asking.length).toBeGreaterThan(0);
    expect(asking.filter((file) => !file.startsWith('platform/'))).toEqual([]);
  });

  it('speak of ghost modules where these are fused and computed alone', () => {
    const spoken = files.filter((file) =>
      /ghost/i.test(
        codeOf(file)
          .replaceAll(/ghostnet\w*/gi, '')
          .replaceAll(/"[^"\n]*"/g, ''),
      ),
    );
    const rooms = /^(?:fuse\/(?:ghost\.cc|fusion\.(?:h|cc))|stages\/(?:ghost\.cc|kind\.h)|kernels\/)/;
    expect(spoken.length).toBeGreaterThan(3);
    expect(spoken.filter((file) => !rooms.test(file))).toEqual([]);
  });

  it('plan and run without an operator’s name', () => {
    const names =
      /\bop::|\bkinds::(?!repack\b|interleave\b|reference\b)|\b(?:conv2d|avg_pool2d|global_avg_pool|concat|upsample_\w+|mul)\b/;
    expect(filesWith(names).length).toBeGreaterThan(3);
    expect(filesWith(names).filter((file) => /^(?:plan|run)\//.test(file))).toEqual([]);
  });

  it('do not print, abort or exit', () => {
    expect(
      filesWith(/\bstd::c(?:out|err)\b|\b(?:f|v|vf)?printf\s*\(|\b(?:std::)?(?:abort|exit|terminate|_exit)\s*\(/),
    ).toEqual([]);
  });
});
