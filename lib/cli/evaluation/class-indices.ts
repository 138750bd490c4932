import { GhostNetError } from '../../errors.js';

/** Which of a model's classes the names of pictures' classes mean. */
export interface ClassIndices {
  /** By the name of a class. */
  readonly indices: ReadonlyMap<string, number>;
  /** How they were found, for people. */
  readonly from: string;
}

/**
 * By the model's labels, in any case; or as numbers, which are the indices; or, where there are as many of them as the model has
 * classes, in sorted order, as PyTorch's ImageFolder numbers them in training.
 *
 * @throws {GhostNetError} ERR_GHOST_ARGUMENT where none of these fits: which names are unknown.
 */
export function classIndices(names: readonly string[], labels: readonly string[]): ClassIndices {
  const byLabel = new Map<string, number>();
  for (const [index, label] of labels.entries())
    if (!byLabel.has(label.toLowerCase())) byLabel.set(label.toLowerCase(), index);
  const unknown = names.filter((name) => !byLabel.has(name.toLowerCase()));
  if (unknown.length === 0)
    return {
      indices: new Map(names.map((name) => [name, byLabel.get(name.toLowerCase())!])),
      from: "the model's labels",
    };
  if (names.every((name) => /^\d+$/.test(name) && Number(name) < labels.length))
    return { indices: new Map(names.map((name) => [name, Number(name)])), from: 'their names, which are numbers' };
  if (names.length === labels.length)
    return {
      indices: new Map(names.map((name, index) => [name, index])),
      from: 'their sorted order, as ImageFolder has it',
    };
  const shown = unknown.slice(0, 3).join(', ') + (unknown.length > 3 ? ` and ${unknown.length - 3} more` : '');
  throw new GhostNetError(
    'ERR_GHOST_ARGUMENT',
    `The model has no class of the name ${shown}. Classes should be called by the model's labels (as ${labels[0] ?? 'class 0'}), by their numbers (0 to ${labels.length - 1}), or be all ${labels.length} of them, which are then taken in sorted order; ${names.length} were found.`,
  );
}
