import { GhostNetError } from '../errors.js';
import { plain, quoted } from '../messages/quoted.js';
import { isRecord } from './untyped-values.js';

type Check<T> = (value: unknown) => value is T;

/** A JSON object of a `config.json`. A key whose value is null counts as absent, as it does in timm. */
export class Section {
  private readonly values: Readonly<Record<string, unknown>>;

  constructor(
    value: unknown,
    private readonly file: string,
    /** Whether its keys mean what they mean in timm, so that a value of another form is an error. */
    private readonly isTimms: boolean,
    private readonly path = '',
  ) {
    if (!isRecord(value)) {
      throw new GhostNetError('ERR_GHOST_CHECKPOINT', `${file} should hold a JSON object. Repair or remove it.`);
    }
    this.values = value;
  }

  section(key: string): Section | undefined {
    const value = this.read(key, isRecord, 'an object');
    return value && new Section(value, this.file, this.isTimms, `${this.path}${key}.`);
  }

  read<T>(key: string, check: Check<T>, expected: string): T | undefined {
    const value = this.own(key);
    if (value === undefined || check(value)) return value;
    if (!this.isTimms) return undefined;
    throw this.fault(key, `should be ${expected} and is ${quoted(JSON.stringify(value))}`);
  }

  /** Of a key that others use too: absent where it is not of that form. */
  any<T>(key: string, check: Check<T>): T | undefined {
    const value = this.own(key);
    return value !== undefined && check(value) ? value : undefined;
  }

  private own(key: string): unknown {
    return Object.hasOwn(this.values, key) ? (this.values[key] ?? undefined) : undefined;
  }

  /** Of a section that is ours: a key that means nothing would be taken for one that does. */
  only(known: readonly string[]): void {
    const unknown = Object.keys(this.values).find((key) => !known.includes(key));
    if (unknown !== undefined) throw this.fault(plain(unknown), `is no setting; there are ${known.join(', ')}`);
  }

  fault(key: string, fault: string): GhostNetError {
    const message = `${this.file}: ${this.path}${key} ${fault}. Correct or remove it.`;
    return new GhostNetError('ERR_GHOST_CHECKPOINT', message);
  }
}

/** Of the first section that has it. */
export function readEither<T>(key: string, check: Check<T>, expected: string, ...sections: Section[]): T | undefined {
  return sections.map((section) => section.read(key, check, expected)).find((value) => value !== undefined);
}
