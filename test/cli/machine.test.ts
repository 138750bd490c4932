import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readMachine } from '../../lib/cli/bench/machine.js';
import { readClocks, readHeat, readTemperatures, readThrottled } from '../../lib/cli/bench/throttling.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';

const folder = temporaryFolder();

/** A root folder with these files. */
function rootWith(name: string, files: Readonly<Record<string, string>>): string {
  const root = join(folder, name);
  mkdirSync(root);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return root;
}

const cpufreq = (
  number: number,
  cpus: string,
  mhz: readonly [now: number, min: number, max: number],
): Record<string, string> => {
  const policy = `sys/devices/system/cpu/cpufreq/policy${number}`;
  const [now, min, max] = mhz.map((value) => `${value * 1000}\n`) as [string, string, string];
  return {
    [`${policy}/related_cpus`]: `${cpus}\n`,
    [`${policy}/scaling_governor`]: 'ondemand\n',
    [`${policy}/scaling_cur_freq`]: now,
    [`${policy}/scaling_min_freq`]: min,
    [`${policy}/scaling_max_freq`]: max,
  };
};

const firmwareFile = 'sys/devices/platform/soc/soc:firmware/get_throttled';

const raspberryPi = rootWith('raspberry-pi', {
  'proc/device-tree/model': 'Raspberry Pi 4 Model B Rev 1.4\0',
  'etc/os-release': 'ID=debian\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\n',
  ...cpufreq(0, '0 1 2 3', [1500, 600, 1800]),
  'sys/class/thermal/thermal_zone0/type': 'cpu-thermal\n',
  'sys/class/thermal/thermal_zone0/temp': '48686\n',
  'sys/class/thermal/cooling_device0/type': 'cpufreq-cpu0\n',
  [firmwareFile]: '50005\n',
});

const bigLittle = rootWith('big-little', {
  'etc/os-release': 'PRETTY_NAME=Armbian\n',
  ...cpufreq(10, '6 7', [2304, 408, 2400]),
  ...cpufreq(4, '4 5', [2256, 408, 2400]),
  'sys/devices/system/cpu/cpufreq/policy0/scaling_governor': 'performance\n',
  'sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq': '<unknown>\n',
  'sys/class/thermal/thermal_zone0/type': 'soc-thermal\n',
  'sys/class/thermal/thermal_zone0/temp': '51000\n',
  'sys/class/thermal/thermal_zone1/temp': '-1500\n',
  'sys/class/thermal/thermal_zone2/type': 'asleep\n',
  'sys/class/thermal/thermal_zone10/type': 'gpu-thermal\n',
  'sys/class/thermal/thermal_zone10/temp': '47500\n',
});

const nothing = rootWith('nothing', {});

afterEach(() => vi.unstubAllEnvs());

/** All but Windows know it. */
const load = process.platform === 'win32' ? {} : { load: expect.any(Number) };

describe('the machine', () => {
  it('is a Raspberry Pi', () => {
    expect(readMachine(raspberryPi)).toEqual({
      board: 'Raspberry Pi 4 Model B Rev 1.4',
      distribution: 'Debian GNU/Linux 12 (bookworm)',
      kernel: expect.stringMatching(/^\S+ \S+ \S+$/),
      memoryBytes: expect.any(Number),
      ...load,
    });
  });

  it('has a name without quotes', () => expect(readMachine(bigLittle).distribution).toBe('Armbian'));

  it('leaves out what is not known', () =>
    expect(readMachine(nothing)).toEqual({ kernel: expect.any(String), memoryBytes: expect.any(Number), ...load }));
});

describe('clocks', () => {
  it('are read for each group of cores, in order', () => {
    expect(readClocks(raspberryPi)).toEqual([
      { cpus: [0, 1, 2, 3], governor: 'ondemand', currentMHz: 1500, minMHz: 600, maxMHz: 1800 },
    ]);
    expect(readClocks(bigLittle)).toEqual([
      { cpus: [], governor: 'performance' },
      { cpus: [4, 5], governor: 'ondemand', currentMHz: 2256, minMHz: 408, maxMHz: 2400 },
      { cpus: [6, 7], governor: 'ondemand', currentMHz: 2304, minMHz: 408, maxMHz: 2400 },
    ]);
    expect(readClocks(nothing)).toEqual([]);
  });
});

describe('temperatures', () => {
  it('are read from the sensors that answer', () => {
    expect(readTemperatures(raspberryPi)).toEqual([{ zone: 'cpu-thermal', celsius: 48.686 }]);
    expect(readTemperatures(bigLittle)).toEqual([
      { zone: 'soc-thermal', celsius: 51 },
      { zone: 'thermal_zone1', celsius: -1.5 },
      { zone: 'gpu-thermal', celsius: 47.5 },
    ]);
    expect(readTemperatures(nothing)).toEqual([]);
  });
});

describe('throttling', () => {
  it('is read from the kernel', async () => {
    const found = { bits: '0x50005', now: ['under-voltage', 'throttled'], earlier: ['under-voltage', 'throttled'] };
    expect(await readThrottled(raspberryPi)).toEqual(found);
    expect(await readHeat(raspberryPi)).toEqual({
      clocks: readClocks(raspberryPi),
      temperatures: readTemperatures(raspberryPi),
      throttled: found,
    });
  });

  it('is under-voltage alone where the kernel knows no more', async () => {
    const sensors = { 'sys/class/hwmon/hwmon0/name': 'cpu_thermal\n', 'sys/class/hwmon/hwmon1/name': 'rpi_volt\n' };
    const good = rootWith('good-voltage', { ...sensors, 'sys/class/hwmon/hwmon1/in0_lcrit_alarm': '0\n' });
    const bad = rootWith('bad-voltage', { ...sensors, 'sys/class/hwmon/hwmon1/in0_lcrit_alarm': '1\n' });
    expect(await readThrottled(good)).toEqual({ bits: '0x0', now: [], earlier: [] });
    expect(await readThrottled(bad)).toEqual({ bits: '0x1', now: ['under-voltage'], earlier: [] });
  });

  it('is unknown elsewhere', async () => {
    expect(await readThrottled(nothing)).toBeUndefined();
    expect(await readThrottled(rootWith('strange', { [firmwareFile]: 'no number\n' }))).toBeUndefined();
    expect(await readHeat(bigLittle)).not.toHaveProperty('throttled');
  });

  it.skipIf(process.platform !== 'linux').each([
    [
      'echo throttled=0xe0008',
      {
        bits: '0xe0008',
        now: ['soft temperature limit'],
        earlier: ['frequency capped', 'throttled', 'soft temperature limit'],
      },
    ],
    ['echo throttled=0x0', { bits: '0x0', now: [], earlier: [] }],
    // What is said where the device may not be opened: the kernel is asked instead.
    ["echo Can\\'t open device file: /dev/vcio; exit 255", { bits: '0x50005' }],
    ['echo error=1 error_msg="Command not registered"', { bits: '0x50005' }],
  ])('is asked of the firmware first: %s', async (script, expected) => {
    const programs = join(folder, `bin-${script.length}`);
    mkdirSync(programs);
    writeFileSync(join(programs, 'vcgencmd'), `#!/bin/sh\n[ "$*" = get_throttled ] || exit 1\n${script}\n`);
    chmodSync(join(programs, 'vcgencmd'), 0o755);
    vi.stubEnv('PATH', programs + delimiter + process.env['PATH']!);
    expect(await readThrottled(raspberryPi)).toMatchObject(expected);
  });
});
