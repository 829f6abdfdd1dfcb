import { useState } from 'preact/hooks';

interface CopyProps {
  text: string;
  label: string;
  /** Selects the text where the browser lets the page copy nothing. */
  onRefused?(): void;
}

/** A button that copies a text. */
export function Copy({ text, label, onRefused }: CopyProps) {
  const [said, setSaid] = useState('');

  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
      setSaid('Copied');
    } catch {
      onRefused?.();
      setSaid(onRefused ? 'Selected' : 'Not allowed');
    }
    setTimeout(() => setSaid(''), 2_000);
  }

  return (
    <button type="button" class="small" aria-label={label} onClick={copy}>
      <span aria-live="polite">{said || 'Copy'}</span>
    </button>
  );
}
