import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { numberedEntries, readNumber, readText } from './machine.js';

/** Cores that share a clock. */
export interface Clock {
  readonly cpus: readonly number[];
  readonly governor?: string;
  readonly currentMHz?: number;
  /** The limits that the governor keeps to; heat may lower the upper one. */
  readonly minMHz?: number;
  readonly maxMHz?: number;
}

export interface Temperature {
  readonly zone: string;
  readonly celsius: number;
}

/** What a Raspberry Pi's firmware says. */
export interface Throttled {
  /** Hexadecimal, as `vcgencmd get_throttled` prints them. */
  readonly bits: string;
  readonly now: readonly string[];
  /** Since the start, or since the kernel asked last. */
  readonly earlier: readonly string[];
}

/** What tells a slow machine from one that is hot or badly fed. */
export interface Heat {
  readonly clocks: readonly Clock[];
  readonly temperatures: readonly Temperature[];
  readonly throttled?: Throttled;
}

/** `root`: where the system's files are, `/` but for tests. What the system does not tell is left out. */
export async function readHeat(root = '/'): Promise<Heat> {
  const throttled = await readThrottled(root);
  return { clocks: readClocks(root), temperatures: readTemperatures(root), ...(throttled ? { throttled } : {}) };
}

const flags = ['under-voltage', 'frequency capped', 'throttled', 'soft temperature limit'];

/** The first bit of those that stay set. */
const firstEarlierBit = 16;

/** Linux's cpufreq; elsewhere, and in most virtual machines, none. */
export function readClocks(root = '/'): Clock[] {
  return numberedEntries(root, 'sys/devices/system/cpu/cpufreq', 'policy').map((policy) => {
    const governor = readText(root, `${policy}/scaling_governor`);
    const megahertz = <Name extends string>(name: Name, file: string): Partial<Record<Name, number>> => {
      const kilohertz = readNumber(root, `${policy}/${file}`);
      return (kilohertz === undefined ? {} : { [name]: Math.round(kilohertz / 1000) }) as Partial<Record<Name, number>>;
    };
    return {
      cpus: (readText(root, `${policy}/related_cpus`) ?? '').split(/\s+/).filter(Boolean).map(Number),
      ...(governor ? { governor } : {}),
      ...megahertz('currentMHz', 'scaling_cur_freq'),
      ...megahertz('minMHz', 'scaling_min_freq'),
      ...megahertz('maxMHz', 'scaling_max_freq'),
    };
  });
}

/** Linux's thermal zones. */
export function readTemperatures(root = '/'): Temperature[] {
  return numberedEntries(root, 'sys/class/thermal', 'thermal_zone').flatMap((folder) => {
    // A sensor that sleeps cannot be read.
    const thousandths = readNumber(root, `${folder}/temp`);
    const zone = readText(root, `${folder}/type`) ?? folder.slice(folder.lastIndexOf('/') + 1);
    return thousandths === undefined ? [] : [{ zone, celsius: thousandths / 1000 }];
  });
}

/** Undefined where there is no such firmware. */
export async function readThrottled(root = '/'): Promise<Throttled | undefined> {
  const bits = (await askFirmware()) ?? throttledFile(root) ?? voltageAlarm(root);
  if (bits === undefined) return undefined;
  const namesFrom = (bit: number): string[] => flags.filter((_, i) => (bits >>> (bit + i)) & 1);
  return { bits: `0x${bits.toString(16)}`, now: namesFrom(0), earlier: namesFrom(firstEarlierBit) };
}

async function askFirmware(): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined;
  try {
    const { stdout } = await promisify(execFile)('vcgencmd', ['get_throttled'], { timeout: 2000 });
    return hexadecimal(/^throttled=(\S+)/.exec(stdout)?.[1]);
  } catch {
    // Not there, or not allowed to ask.
    return undefined;
  }
}

/** What Raspberry Pi's own kernels have. */
function throttledFile(root: string): number | undefined {
  return hexadecimal(readText(root, 'sys/devices/platform/soc/soc:firmware/get_throttled'));
}

/** What every kernel has: under-voltage alone. */
function voltageAlarm(root: string): number | undefined {
  const sensor = numberedEntries(root, 'sys/class/hwmon', 'hwmon').find(
    (folder) => readText(root, `${folder}/name`) === 'rpi_volt',
  );
  return sensor === undefined ? undefined : readNumber(root, `${sensor}/in0_lcrit_alarm`);
}

function hexadecimal(text: string | undefined): number | undefined {
  return text !== undefined && /^(?:0x)?[\da-f]{1,8}$/i.test(text) ? parseInt(text, 16) : undefined;
}
