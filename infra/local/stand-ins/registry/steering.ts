import * as z from 'zod';
import type { Route } from '../../stand-in.ts';

/** What a route of `/_stand-in/` changes. */
export interface Steering<T> {
  set(value: T): unknown;
  /** Makes it as it was at first. */
  clear(): void;
}

/** `POST /_stand-in/NAME` with a JSON body switches something on, and DELETE switches all of that off. */
export function steered<T extends z.ZodType>(
  name: string,
  schema: T,
  { set, clear }: Steering<z.infer<T>>,
): Route[] {
  const path = new RegExp(`^/_stand-in/${name}$`);
  return [
    {
      method: 'POST',
      path,
      async handle({ body }) {
        const parsed = schema.safeParse(readJson(body));
        if (!parsed.success) return { status: 400, body: { error: z.prettifyError(parsed.error) } };
        await set(parsed.data);
        return { status: 201, body: parsed.data };
      },
    },
    {
      method: 'DELETE',
      path,
      handle() {
        clear();
        return { status: 204 };
      },
    },
  ];
}

function readJson(body: Buffer): unknown {
  try {
    return body.length === 0 ? {} : JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}
