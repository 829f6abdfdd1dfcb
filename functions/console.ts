import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { answerWith, type Page, pageOf } from '../shared/api/console-page.ts';
import { httpFunction } from '../shared/api/http-function.ts';

/** Beside the bundle, which is in dist/ too. */
const FILE = join(import.meta.dirname, '..', 'dist', 'console.html');

let page: Promise<Page> | undefined;

/** Read when the first person asks for it, so that it costs nothing when the app starts for an event. */
function loadPage(): Promise<Page> {
  page ??= readFile(FILE).then(pageOf);
  page.catch(() => {
    page = undefined;
  });
  return page;
}

httpFunction('console', {
  method: 'GET',
  route: 'console',
  summary: 'Serves the console, a page for people',
  description: 'The page itself reveals nothing: it asks the other calls, with the rights of the person.',
  standalone: true,
  headers: {
    'accept-encoding': '`br` or `gzip`: the page is then sent compressed.',
    'if-none-match': 'The ETag of the page that the browser has.',
  },
  answers: {
    200: {
      description: 'The page.',
      headers: { etag: 'Its version.', 'content-security-policy': 'What may run in it: its own script.' },
      content: { 'text/html': { schema: z.string(), example: '<!doctype html>' } },
    },
    304: { description: 'The browser has it.' },
  },
  answer: async ({ request }) => answerWith(await loadPage(), request.headers),
});
