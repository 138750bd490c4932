// The files by which Linux tells about its cores, as on a board with four Cortex-A72. An emulated program sees those of
// the x86 host otherwise; onnxruntime's library for that ends its process on them.
import { mkdirSync, symlinkSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const cores = [0, 1, 2, 3];
const caches = [
  { level: 1, type: 'Data', size: '32K', shared: false },
  { level: 1, type: 'Instruction', size: '48K', shared: false },
  { level: 2, type: 'Unified', size: '1024K', shared: true },
];

/**
 * Makes a folder for qemu's option -L.
 *
 * @param {string} folder
 * @param {string} libraries the folder with ARM's C library, as /usr/aarch64-linux-gnu
 */
export function makeMachine(folder, libraries) {
  const write = (file, text) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), `${text}\n`);
  };
  rmSync(folder, { recursive: true, force: true });
  write(
    'proc/cpuinfo',
    cores
      .map(
        (c) =>
          `processor\t: ${c}\nFeatures\t: fp asimd evtstrm crc32 cpuid\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0xd08\nCPU revision\t: 3\n`,
      )
      .join('\n'),
  );
  const cpu = 'sys/devices/system/cpu';
  for (const list of ['possible', 'present', 'online']) write(`${cpu}/${list}`, '0-3');
  for (const c of cores) {
    write(`${cpu}/cpu${c}/topology/core_id`, c);
    write(`${cpu}/cpu${c}/topology/physical_package_id`, 0);
    write(`${cpu}/cpu${c}/topology/thread_siblings_list`, c);
    for (const list of ['core_siblings_list', 'package_cpus_list', 'cluster_cpus_list'])
      write(`${cpu}/cpu${c}/topology/${list}`, '0-3');
    caches.forEach(({ level, type, size, shared }, i) => {
      const cache = `${cpu}/cpu${c}/cache/index${i}`;
      write(`${cache}/level`, level);
      write(`${cache}/type`, type);
      write(`${cache}/size`, size);
      write(`${cache}/shared_cpu_list`, shared ? '0-3' : c);
    });
  }
  symlinkSync(join(libraries, 'lib'), join(folder, 'lib'));
}
