import type { VariableFact } from './facts.ts';

/** Why an image cannot be given to a variable; undefined when it can. */
export function refuseVariable(
  name: string,
  variables: readonly VariableFact[],
): { reason: 'variable-missing' | 'variable-sensitive'; message: string } | undefined {
  const declared = variables.find(variable => variable.name === name);
  if (!declared) {
    const others = variables.map(variable => variable.name).join(', ') || 'none';
    const message = `The template declares no variable ${name}; it declares ${others}.`;
    return { reason: 'variable-missing', message };
  }
  if (declared.sensitive) {
    const message = `The variable ${name} is sensitive, so Coder does not show what it holds.`;
    return { reason: 'variable-sensitive', message };
  }
  if (declared.type === '' || declared.type === 'string') return undefined;
  const message = `The variable ${name} is of type ${declared.type}, and must be a string.`;
  return { reason: 'variable-missing', message };
}
