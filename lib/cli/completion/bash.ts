import type { CompletedCommand, CompletedOption, Values } from './definitions.js';

/** For bash from 3.2 on. */
export function bashCompletion([program, ...commands]: readonly [CompletedCommand, ...CompletedCommand[]]): string {
  return `# ghostnet's completion for bash. In ~/.bashrc: eval "$(ghostnet completion bash)"
_ghostnet() {
  local word=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command= position=0 words= files= i one
  # --model=x comes as three words.
  if [[ $word == = ]]; then word=; elif [[ $previous == = ]]; then previous=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ \${COMP_WORDS[i]} == -* ]]; then continue; fi
    if [[ -z $command ]]; then command=\${COMP_WORDS[i]}; else position=$((position + 1)); fi
  done
  case $command in
    '')
${commandCase(program)}
      ;;
${commands.map((command) => `    ${command.name})\n${commandCase(command)}\n      ;;`).join('\n')}
  esac
  COMPREPLY=()
  while IFS= read -r one; do COMPREPLY+=("$one"); done < <(
    compgen -W "$words" -- "$word"
    if [[ -n $files ]]; then compgen -f -- "$word"; fi
  )
}
complete -o filenames -F _ghostnet ghostnet
`;
}

function commandCase({ options, arguments: values }: CompletedCommand): string {
  const flags = options.flatMap(flagsOf).join(' ');
  const valued = options.flatMap((option) =>
    option.values ? [`        ${flagsOf(option).join(' | ')}) ${assignments(option.values)} ;;`] : [],
  );
  return `      case $previous in
${[...valued, `        *)`].join('\n')}
          if [[ $word == -* ]]; then words='${flags}'; ${argumentBranches(values)}fi
          ;;
      esac`;
}

/** Which argument it is may be wrong by the values of options before; the last one's values go on. */
function argumentBranches(values: readonly Values[]): string {
  const branches = values.map((one, i) =>
    i < values.length - 1 ? `elif ((position == ${i})); then ${assignments(one)}; ` : `else ${assignments(one)}; `,
  );
  return branches.join('');
}

function assignments({ words, files }: Values): string {
  return `words='${words.join(' ')}' files=${files ? 'yes' : ''}`;
}

function flagsOf({ short, long }: CompletedOption): string[] {
  return short === undefined ? [long] : [short, long];
}
