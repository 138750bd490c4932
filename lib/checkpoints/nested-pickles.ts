import { unsafe } from './faults.js';
import { unpickleAt, type PickleObjects } from './pickle.js';
import { Opaque } from './pickle-values.js';

/**
 * Magic number, protocol, facts about the machine, objects, keys of the storages: what torch.load reads before the
 * numbers.
 */
const picklesOfStorage = 5;

/** Bounds the time that all of them take together; those of a large network have a megabyte. */
const maxBytes = 2 ** 23;

/**
 * Reads what `torch.storage._load_from_bytes` would load: storages that were pickled without torch.save hold a file of
 * its legacy format as bytes. Its pickles are held to the same rules and have no pickles in them; the numbers behind
 * them stay unread.
 */
export class NestedPickles {
  private readonly read = new Set<unknown>();
  private bytesLeft = maxBytes;
  private readonly objects: PickleObjects;

  constructor(
    private readonly file: string,
    unknown?: (path: string) => void,
  ) {
    this.objects = {
      call: (path) => {
        if (path === 'torch.storage._load_from_bytes')
          throw unsafe(file, 'a pickle within its pickle holds another one');
        return undefined;
      },
      persistent: () => new Opaque('a storage'),
      ...(unknown && { unknown }),
    };
  }

  check([argument]: readonly unknown[]): void {
    const source = argument instanceof Opaque ? encodedText(argument) : argument;
    // Many calls may be given the same bytes, which need not be read again.
    if (this.read.has(source)) return;
    const bytes = typeof source === 'string' && source !== argument ? Buffer.from(source, 'latin1') : source;
    if (!Buffer.isBuffer(bytes) || bytes.toString('latin1', 0, 2) === 'PK') {
      throw unsafe(this.file, 'its pickle calls torch.storage._load_from_bytes of what is no storage');
    }
    this.read.add(source);
    const head = bytes.subarray(0, this.bytesLeft);
    let end = 0;
    for (let count = 0; count < picklesOfStorage; count++) end = unpickleAt(head, end, this.file, this.objects).end;
    this.bytesLeft -= end;
  }
}

/** The text of `_codecs.encode(text, 'latin1')`, which is how protocol 2 has bytes. */
function encodedText({ maker, kept: [call] }: Opaque): string | undefined {
  if (maker !== '_codecs.encode' || !call) return undefined;
  const [text, encoding] = call;
  return typeof text === 'string' && encoding === 'latin1' ? text : undefined;
}
