/** What became of one item. */
export type Outcome<T, R> = { readonly item: T; readonly result: R } | { readonly item: T; readonly error: unknown };

/**
 * Works on up to `ahead` items at a time and gives what became of them in their order: while the consumer has one, the
 * next are in the works. Ends with those that have begun: nothing goes on behind the caller's back.
 */
export async function* inOrder<T, R>(
  items: readonly T[],
  ahead: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<Outcome<T, R>, void, undefined> {
  const begun: Promise<Outcome<T, R>>[] = [];
  let next = 0;
  try {
    for (let done = 0; done < items.length; done++) {
      for (; next < items.length && next - done < ahead; next++) begun.push(outcomeOf(items[next]!, work));
      yield await begun.shift()!;
    }
  } finally {
    await Promise.all(begun);
  }
}

async function outcomeOf<T, R>(item: T, work: (item: T) => Promise<R>): Promise<Outcome<T, R>> {
  try {
    return { item, result: await work(item) };
  } catch (error) {
    return { item, error };
  }
}
