/** Whether a value may stand where a route parameter is. */
export type Constraint = (value: string) => boolean;

const LARGEST_INT = 2 ** 31;

/** The constraints that this host knows, as ASP.NET Core means them. */
const CONSTRAINTS: Record<string, (argument: string) => Constraint> = {
  int: () => value =>
    /^[+-]?\d+$/.test(value) && Number(value) < LARGEST_INT && Number(value) >= -LARGEST_INT,
  bool: () => value => /^(true|false)$/i.test(value),
  alpha: () => value => /^[a-z]*$/i.test(value),
  guid: () => value => /^([\da-f]{32}|[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12})$/i.test(value),
  length: argument => {
    const [shortest = 0, longest = shortest] = argument.split(',').map(Number);
    return value => value.length >= shortest && value.length <= longest;
  },
  regex: argument => {
    const pattern = new RegExp(argument, 'i');
    return value => pattern.test(value);
  },
};

/** @throws when there is no such constraint here */
export function createConstraint(name: string, argument = ''): Constraint {
  const create = CONSTRAINTS[name.toLowerCase()];
  if (!create) throw new Error(`this host does not know the route constraint "${name}"`);
  return create(argument);
}
