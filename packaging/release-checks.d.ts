export const binaries: readonly string[];
export function problems(root: string, tag?: string): string[];
