import { evaluate } from '../hcl/evaluate.ts';
import { parseHcl } from '../hcl/parse.ts';
import { textOf } from '../hcl/value.ts';

/** The values in a `terraform.tfvars`, as the command line tool sends them: what is no text as JSON. @throws HclError */
export function readTfvars(text: string): Record<string, string> {
  const { attributes } = parseHcl(text, 'terraform.tfvars');
  const nothing = {
    names: new Map(),
    refer(): never {
      throw new Error('A terraform.tfvars file holds values only.');
    },
  };
  const values = [...attributes].map(([name, expression]) => {
    const value = evaluate(expression, nothing);
    return [name, textOf(value) ?? JSON.stringify(value)];
  });
  return Object.fromEntries(values);
}
