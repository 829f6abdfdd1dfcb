/** The function key of this tab. It is kept here alone, so that it ends with the tab. */
let key: string | undefined;

/** Takes the key out of the address `…#key=…`, so that it stays in no history and no copied link. */
export function takeKeyFromAddress(): void {
  const found = /^#key=([^&]+)(?:&(.*))?$/.exec(location.hash);
  if (!found) return;
  key = decodeURIComponent(found[1] as string);
  history.replaceState(null, '', `${location.pathname}#${found[2] ?? '/'}`);
}

export function setKey(given: string | undefined): void {
  key = given;
}

export function getKey(): string | undefined {
  return key;
}
