// clang-format over all C and C++ of the repository: `node .ci/clang-format.js -i` writes, `--dry-run --Werror` compares.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { clangFormatPath } from 'clang-format-node';

const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'];
const listed = execFileSync('git', [...list, '*.c', '*.cc', '*.h', '*.inc'], { encoding: 'utf8' }).split('\0');
// What has been deleted, and git has not been told yet, is listed too.
const files = listed.filter((file) => file !== '' && existsSync(file));
const { error, status } = spawnSync(clangFormatPath, [...process.argv.slice(2), ...files], { stdio: 'inherit' });
if (error) throw error;
process.exitCode = status ?? 1;
