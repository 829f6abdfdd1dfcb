import type { TokenCredential } from '@azure/identity';
import ky from 'ky';
import * as z from 'zod';
import { boundedFetch } from '../../lib/bounded-fetch.ts';
import { refuseOther } from '../sdk/only-to.ts';

/** Lists what the bridge's identity may read under a path of Azure Resource Manager, page by page. @throws as ky and zod do, and
 * Error when a next page is elsewhere */
export type ArmList = <T>(
  schema: z.ZodType<T>,
  path: string,
  apiVersion: string,
  signal: AbortSignal,
) => AsyncIterable<T>;

/**
 * For resources that the SDK in use does not list.
 * @param url address of Azure Resource Manager in this cloud; its tokens have `audience`
 */
export function createArmList(credential: TokenCredential, url: string, audience: string): ArmList {
  return async function* list(schema, path, apiVersion, signal) {
    const token = await credential.getToken(`${audience}/.default`, { abortSignal: signal });
    const headers = { authorization: `Bearer ${token?.token}` };
    const Page = z.object({ value: z.array(schema), nextLink: z.string().nullish() });
    let page: string | null | undefined = `${url}${path}?api-version=${apiVersion}`;
    while (page) {
      refuseOther(new URL(url), new URL(page));
      const answer: unknown = await ky
        .get(page, { headers, fetch: boundedFetch, redirect: 'error', signal })
        .json();
      const { value, nextLink } = Page.parse(answer);
      yield* value;
      page = nextLink;
    }
  };
}
