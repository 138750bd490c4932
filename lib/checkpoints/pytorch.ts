import { ZipArchive } from './archive.js';
import { remarkOnZip } from './format.js';
import { ownTurn } from '../waiting/own-turn.js';
import { damaged, unreadable } from '../formats/faults.js';
import { quoted } from '../messages/quoted.js';
import type { OpenFile } from '../formats/open-file.js';
import type { ByteOrder } from '../formats/floats.js';
import { unpickle } from './pickle.js';
import type { PickleListener } from './pickle-values.js';
import type { TensorDict } from './tensor-dict.js';
import { tensorDicts } from './tensor-dicts.js';
import { StorageReader } from './storages.js';
import { torchObjects } from './torch-objects.js';

/**
 * Reads a PyTorch checkpoint in the zip format (what `torch.save` writes since 1.6): `<name>/data.pkl` describes the
 * objects, `<name>/data/<key>` holds each storage's elements, `<name>/byteorder` their byte order.
 *
 * The pickle is read as data, nothing of it is run. Storages stay in the file until their tensors are wanted, see
 * {@link StorageReader}; those that the weights do not use (the optimizer's) are not touched.
 */
export async function readPyTorch(
  opened: OpenFile,
  heard: PickleListener,
  signal?: AbortSignal,
): Promise<TensorDict[]> {
  const file = opened.path;
  const archive = await ZipArchive.open(opened, signal);
  const root = rootFolder(archive.names, file);
  const pickle = await archive.read(`${root}data.pkl`, signal);
  const order = await byteOrder(archive, root, signal);
  await ownTurn();
  const checkpoint = unpickle(pickle, file, torchObjects(file, heard.unknown));
  heard.whole(checkpoint);
  const storages = new StorageReader(
    {
      opened,
      order,
      place: (key) => archive.place(`${root}data/${key}`),
      inflated: (key) => archive.read(`${root}data/${key}`, signal),
    },
    signal,
  );
  return tensorDicts(checkpoint, storages, file);
}

/** The one folder in which torch.save puts everything, with its slash; empty if the files lie at the top. */
function rootFolder(names: readonly string[], file: string): string {
  const [pickle, ...more] = names.filter((name) => /^([^/]*\/)?data\.pkl$/.test(name));
  if (pickle === undefined) throw unreadable(file, remarkOnZip(names));
  if (more.length > 0) throw damaged(file, `it holds several data.pkl (${quoted(pickle)}, ${quoted(more[0]!)})`);
  const root = pickle.slice(0, -'data.pkl'.length);
  return root;
}

async function byteOrder(archive: ZipArchive, root: string, signal?: AbortSignal): Promise<ByteOrder> {
  const entry = `${root}byteorder`;
  if (!archive.names.includes(entry)) return 'LE';
  return (await archive.read(entry, signal)).toString('latin1').trim() === 'big' ? 'BE' : 'LE';
}
