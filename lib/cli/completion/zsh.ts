import type { CompletedCommand, CompletedOption, Values } from './definitions.js';

export function zshCompletion([program, ...commands]: readonly [CompletedCommand, ...CompletedCommand[]]): string {
  return `#compdef ghostnet
# ghostnet's completion for zsh. In ~/.zshrc, after compinit: source <(ghostnet completion zsh)
# or once: ghostnet completion zsh > a folder of $fpath/_ghostnet
_ghostnet() {
  local curcontext=$curcontext state line
  local -a commands=(
${commands.map(({ name, description }) => `    ${quoted(`${name}:${description}`)}`).join('\n')}
  )
  _arguments -C \\
${lines(program.options.map(optionSpec))}
    '1:command:->command' '*::argument:->arguments'
  case $state in
    command) _describe command commands ;;
    arguments)
      curcontext=\${curcontext%:*}-$line[1]:
      case $line[1] in
${commands.map(commandCase).join('\n')}
      esac
      ;;
  esac
}
# Found in $fpath, this file is the function itself.
if [[ $funcstack[1] == _ghostnet ]]; then _ghostnet "$@"; else compdef _ghostnet ghostnet; fi
`;
}

function commandCase({ name, options, arguments: values }: CompletedCommand): string {
  const places = values.map((one, i) => quoted(`${i < values.length - 1 ? i + 1 : '*'}:argument:${action(one)}`));
  return `        ${name}) _arguments -s ${[...options.map(optionSpec), ...places].join(' ')} ;;`;
}

function lines(specs: readonly string[]): string {
  return specs.map((spec) => `    ${spec} \\`).join('\n');
}

/** `'(-m --model)'{-m,--model}'[what it is]:value:_files'` */
function optionSpec({ short, long, description, values }: CompletedOption): string {
  const rest = `[${description.replace(/[[\]\\:]/g, '\\$&')}]${values ? `:value:${action(values)}` : ''}`;
  return short === undefined ? quoted(long + rest) : `'(${short} ${long})'{${short},${long}}${quoted(rest)}`;
}

function action({ words, files }: Values): string {
  const list = words.join(' ');
  if (files) return words.length > 0 ? `_alternative "words\\:name\\:(${list})" "files\\:file\\:_files"` : '_files';
  return words.length > 0 ? `(${list})` : ' ';
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
