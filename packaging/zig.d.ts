export const zigVersion: string;
export function zigPath(): string;
export const zigEnvironment: Readonly<Record<string, string>>;
