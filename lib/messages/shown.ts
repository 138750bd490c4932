import { quoted } from './quoted.js';

/** The first line of what was thrown, which may be anything. */
export function reasonOf(thrown: unknown): string {
  try {
    const { message } = thrown as { message?: unknown };
    const [line = ''] = typeof message === 'string' ? message.slice(0, 500).split('\n') : [];
    return line.replace(/\.$/, '') || kindOf(thrown);
  } catch {
    return kindOf(thrown);
  }
}

/** A value as it may stand in a message: short, on one line. */
export function shown(value: unknown, depth = 1): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number' || typeof value === 'boolean' || value === undefined || value === null)
    return String(value);
  try {
    if (!Array.isArray(value) || depth === 0) return kindOf(value);
    const entries = Array.from({ length: Math.min(value.length, 8) }, (_, i) => shown(value[i], depth - 1));
    return `[${entries.join(', ')}${value.length > entries.length ? ', …' : ''}]`;
  } catch {
    return kindOf(value);
  }
}

/** What a value is, without what it holds. */
export function kindOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  try {
    const { name } = (value as { constructor: { name: unknown } }).constructor;
    return `an object of class ${typeof name === 'string' && /^[\w$]{1,40}$/.test(name) ? name : 'Object'}`;
  } catch {
    return 'an object';
  }
}
