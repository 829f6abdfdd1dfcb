import { HTTP_FUNCTIONS } from '../../shared/api/http-function.ts';

// Outside of a host the library registers nothing with it, and warns of each function.
const { warn } = console;
console.warn = () => {};
await import('../../functions/index.ts');
console.warn = warn;

export { HTTP_FUNCTIONS };
