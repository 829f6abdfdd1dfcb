import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

interface RowsProps<T> {
  items: readonly T[];
  keyOf(item: T): string;
  children(item: T): ComponentChildren;
  label: string;
  /** Called when the end comes into view and there may be more. */
  onEnd?: (() => void) | undefined;
}

const BEYOND_PX = 600;

/** Rows of one height, of which only those in view are in the page: thousands cost no more than twenty. */
export function Rows<T>({ items, keyOf, children, label, onEnd }: RowsProps<T>) {
  const list = useRef<HTMLUListElement>(null);
  const [height, setHeight] = useState(44);
  const [[from, to], setRange] = useState<[number, number]>([0, 40]);
  const end = useRef(onEnd);
  end.current = onEnd;

  useEffect(() => {
    const look = () => {
      const { current } = list;
      if (!current) return;
      const row = current.querySelector('li')?.getBoundingClientRect().height || height;
      if (Math.abs(row - height) > 1) setHeight(row);
      const { top } = current.getBoundingClientRect();
      const first = Math.max(0, Math.floor((-top - BEYOND_PX) / row));
      const last = Math.min(items.length, Math.ceil((innerHeight - top + BEYOND_PX) / row));
      setRange(before => (before[0] === first && before[1] === last ? before : [first, last]));
      if (last >= items.length) end.current?.();
    };
    look();
    addEventListener('scroll', look, { passive: true });
    addEventListener('resize', look);
    return () => {
      removeEventListener('scroll', look);
      removeEventListener('resize', look);
    };
  }, [items.length, height]);

  const shown = items.slice(from, to);
  return (
    <ul
      class="rows"
      aria-label={label}
      ref={list}
      // Through the object model, which the content security policy allows.
      style={{
        paddingTop: `${from * height}px`,
        paddingBottom: `${Math.max(0, items.length - to) * height}px`,
      }}
    >
      {shown.map((item, i) => (
        <li key={keyOf(item)} aria-setsize={items.length} aria-posinset={from + i + 1}>
          {children(item)}
        </li>
      ))}
    </ul>
  );
}
