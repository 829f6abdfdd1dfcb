const PATH = String.raw`[\w{}-]+`;
const call = (pattern: string) => new RegExp(pattern.replaceAll('NAME', PATH), 'g');

/** What the API says with its calls, and where the same is in the console. */
const WORDS: readonly [call: RegExp, words: string][] = [
  [call('Promote it with POST /api/templates/NAME/NAME/promote'), 'Promote it here'],
  [call('POST /api/templates/NAME/NAME/promote'), 'promote it under *Templates*'],
  [call('POST /api/registries/NAME/rotate'), 'rotate it under *Credentials*'],
  [call('`?rotation\\.lastResult`? of GET /api/registries/NAME'), 'the last result under *Credentials*'],
  [call('GET /api/registries/NAME/diagnostics'), '*Health*'],
  [call('GET /api/registries/NAME/reconciliation'), '*Reconcile*'],
  [call('GET /api/registries/NAME/setup\\?format=markdown'), '*Setup*'],
  [call('GET /api/images\\?registry=NAME&state=(?:failed|pending)'), '*Needs attention*'],
  [call('PUT the registry again: /api/registries/NAME'), 'Declare the registry again'],
  [call('PUT the registry'), 'Declare the registry'],
  [/ with PUT,/g, ','],
  [call('PUT /api/registries/NAME with'), 'Declare the registry again with'],
  [call('with PUT /api/registries/NAME'), 'with the command under *Where is my image?*'],
];

/** A text of the API in the words of the console: pages and buttons in place of calls. */
export function pageWords(text: string): string {
  return WORDS.reduce((said, [pattern, words]) => said.replace(pattern, words), text);
}
