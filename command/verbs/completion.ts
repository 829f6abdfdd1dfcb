import { Argument, type Command, type Option } from 'commander';
import { IMAGE_REASONS, STATES } from '../../shared/reasons.ts';

const SHELLS = ['bash', 'zsh'] as const;

export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print what bash or zsh needs to complete this command')
    .addArgument(new Argument('<shell>', SHELLS.join(' or ')).choices(SHELLS))
    .action((shell: string) => {
      console.log(completionScript(program, shell === 'zsh'));
    });
}

/** The fixed values of options; those of others, such as names of registries, take a call of the bridge. */
const VALUES = { '--state': STATES, '--reason': IMAGE_REASONS };

/** zsh reads completions of bash after `bashcompinit`. */
export function completionScript(program: Command, isZsh: boolean): string {
  const name = program.name();
  const fn = `_${name.replaceAll('-', '_')}`;
  const cases = program.commands.map(
    verb => `    ${verb.name()}) words='${[...verb.options.map(longOf), ...choicesOf(verb)].join(' ')}' ;;`,
  );
  const verbs = program.commands.map(verb => verb.name()).join(' ');
  return [
    ...(isZsh ? ['autoload -U +X compinit && compinit', 'autoload -U +X bashcompinit && bashcompinit'] : []),
    `${fn}() {`,
    '  local words',
    `  case "\${COMP_WORDS[1]}" in`,
    ...cases,
    '  esac',
    `  case "\${COMP_WORDS[COMP_CWORD-1]}" in`,
    ...Object.entries(VALUES).map(([option, values]) => `    ${option}) words='${values.join(' ')}' ;;`),
    '  esac',
    `  [ "$COMP_CWORD" -eq 1 ] && words='${verbs}'`,
    `  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))`,
    '}',
    `complete -F ${fn} ${name}`,
  ].join('\n');
}

function choicesOf(verb: Command): readonly string[] {
  return verb.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
}

function longOf(option: Option): string {
  return option.long ?? '';
}
