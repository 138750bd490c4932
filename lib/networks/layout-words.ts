/**
 * What is in which modules of a network, a line for each thing that is found: `attention of 7x1 and 1x9 in 2.0, 2.1`.
 *
 * @param found of each module, by its name
 * @param everywhere in place of the modules' names, where all of `modules` have it
 */
export function wordsByModule(
  found: Iterable<readonly [module: string, what: readonly string[]]>,
  { modules, everywhere }: { readonly modules: number; readonly everywhere: string },
): string[] {
  const modulesWith = new Map<string, string[]>();
  for (const [name, what] of found)
    for (const each of what) modulesWith.set(each, [...(modulesWith.get(each) ?? []), name.replace('blocks.', '')]);
  return [...modulesWith].map(
    ([what, names]) => `${what} in ${names.length === modules ? everywhere : names.join(', ')}`,
  );
}
