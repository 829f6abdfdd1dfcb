import type { Command, Option } from 'commander';

const SHELLS = ['bash', 'zsh'] as const;

export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print what bash or zsh needs to complete this command')
    .argument('<shell>', SHELLS.join(' or '))
    .action((shell: string) => {
      if (!(SHELLS as readonly string[]).includes(shell))
        program.error(`There is no completion for ${shell}; there is for ${SHELLS.join(' and ')}.`);
      console.log(completionScript(program, shell === 'zsh'));
    });
}

/** zsh reads completions of bash after `bashcompinit`. */
export function completionScript(program: Command, isZsh: boolean): string {
  const name = program.name();
  const fn = `_${name.replaceAll('-', '_')}`;
  const cases = program.commands.map(
    verb => `    ${verb.name()}) words='${verb.options.map(longOf).join(' ')}' ;;`,
  );
  const verbs = program.commands.map(verb => verb.name()).join(' ');
  return [
    ...(isZsh ? ['autoload -U +X compinit && compinit', 'autoload -U +X bashcompinit && bashcompinit'] : []),
    `${fn}() {`,
    '  local words',
    `  case "\${COMP_WORDS[1]}" in`,
    ...cases,
    '  esac',
    `  [ "$COMP_CWORD" -eq 1 ] && words='${verbs}'`,
    `  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))`,
    '}',
    `complete -F ${fn} ${name}`,
  ].join('\n');
}

function longOf(option: Option): string {
  return option.long ?? '';
}
