/** Objects whose names are data: a further one would be wrong there. */
const MAPS = new Set(['tags', 'features', 'latency', 'environment_variables']);
const LATER = { a_field_of_a_later_coder: { is: 'to be ignored' } };

/** The answer of a Coder that is newer than its clients: each object in it has one more field. */
export function withLaterFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withLaterFields);
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
  const entries = Object.entries(value).map(([name, inner]) => [
    name,
    MAPS.has(name) ? inner : withLaterFields(inner),
  ]);
  return { ...Object.fromEntries(entries), ...LATER };
}
