/** No answer that the bridge reads whole comes near this: a list of 10,000 tags takes some 3 MB. */
const LARGEST_ANSWER = 16 * 1024 * 1024;

/** A `fetch` that resolves once all of the answer has come, so that what limits its time limits the body's too. */
export const boundedFetch: typeof fetch = async (input, init) => whole(await fetch(input, init));

/** The same answer once all of it has come. @throws TooLargeError */
async function whole(response: Response): Promise<Response> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    // To leave the loop cancels the rest.
    if (size > LARGEST_ANSWER) throw new TooLargeError(LARGEST_ANSWER);
    chunks.push(chunk);
  }
  const { status, statusText, headers } = response;
  // Some statuses, such as 204, may not have a body, not even an empty one.
  const body = size > 0 ? Buffer.concat(chunks) : null;
  return new Response(body, { status, statusText, headers });
}

/** An answer that is too large to be read. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';

  constructor(bytes: number) {
    super(`the answer is larger than ${bytes / 1024 / 1024} MiB`);
  }
}
