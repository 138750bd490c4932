import type { CompletedCommand, CompletedOption, Values } from './definitions.js';

export function fishCompletion([program, ...commands]: readonly [CompletedCommand, ...CompletedCommand[]]): string {
  const rules = [
    ...program.options.map((option) => `-n __fish_use_subcommand ${optionRule(option)}`),
    ...commands.map(({ name, description }) => `-n __fish_use_subcommand -a ${name} -d ${quoted(description)}`),
    ...commands.flatMap(commandRules),
  ];
  return `# ghostnet's completion for fish: ghostnet completion fish > ~/.config/fish/completions/ghostnet.fish
complete -c ghostnet -e
complete -c ghostnet -f
${rules.map((rule) => `complete -c ghostnet ${rule}`).join('\n')}
`;
}

function commandRules({ name, options, arguments: values }: CompletedCommand): string[] {
  const when = `-n '__fish_seen_subcommand_from ${name}'`;
  const words = [...new Set(values.flatMap((one) => one.words))];
  return [
    ...options.map((option) => `${when} ${optionRule(option)}`),
    ...(words.length > 0 ? [`${when} -a ${quoted(words.join(' '))}`] : []),
    ...(values.some(({ files }) => files) ? [`${when} -F`] : []),
  ];
}

function optionRule({ short, long, description, values }: CompletedOption): string {
  const flags = `${short === undefined ? '' : `-s ${short.slice(1)} `}-l ${long.slice(2)}`;
  return `${flags} ${values ? valueRule(values) : ''}-d ${quoted(description)}`;
}

function valueRule({ words, files }: Values): string {
  return `-r ${files ? '-F' : '-f'} ${words.length > 0 ? `-a ${quoted(words.join(' '))} ` : ''}`;
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
