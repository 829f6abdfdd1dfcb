import { render } from 'preact';
import { App } from './app.tsx';
import { takeKeyFromAddress } from './session.ts';

takeKeyFromAddress();
// A second click on a printed address comes as a change of the fragment.
addEventListener('hashchange', () => {
  if (!location.hash.startsWith('#key=')) return;
  takeKeyFromAddress();
  dispatchEvent(new HashChangeEvent('hashchange'));
});
render(<App />, document.getElementById('app') as HTMLElement);
