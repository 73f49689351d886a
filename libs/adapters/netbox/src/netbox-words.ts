/** What NetBox says in the body of a refusal, for people and for telling which of a batch is meant. */

const MAX_WORDS = 500;
/** Keys of what is about no field; 4.7 has only the first. */
const NO_FIELD = new Set(['__all__', 'non_field_errors', 'detail']);

/** One line: `vid: Ensure this value is less than 4095.; …`. @param fallback for a body that says nothing. */
export function wordsOf(body: unknown, fallback: string): string {
  const words = [...sentences(body)].join('; ').replace(/\s+/g, ' ').trim();
  return (words === '' ? fallback : words).slice(0, MAX_WORDS);
}

function* sentences(part: unknown, name = ''): Generator<string> {
  if (part === null || part === undefined || part === '') return;
  if (Array.isArray(part)) for (const one of part) yield* sentences(one, name);
  else if (typeof part === 'object') {
    const { exception, error, errors } = part as Record<string, unknown>;
    if (typeof exception === 'string') return yield `${exception}: ${String(error).trim()}`;
    // 4.7: `{"detail": "1 of 3 objects failed validation.", "errors": [{"index": 1, "errors": {…}}]}`; the summary says less than its parts.
    if (Array.isArray(errors))
      return yield* sentences(
        errors.map((one: { errors?: unknown } | null) => one?.errors ?? one),
        name,
      );
    for (const [field, what] of Object.entries(part)) yield* sentences(what, NO_FIELD.has(field) ? name : field);
  } else yield `${name === '' ? '' : `${name}: `}${typeof part === 'string' ? part : JSON.stringify(part)}`;
}

/**
 * Which of a batch an answer 400 names, and with what words, by their position. Up to 4.6 a create is answered with a list beside the
 * input; 4.7 names creates by `index`, the others by `id`. Empty: the answer does not say, or not in a way that is known.
 * @param ids of the objects of the batch; empty for creates.
 */
export function namedRefusals(body: unknown, size: number, ids: readonly number[]): ReadonlyMap<number, string> {
  const named = new Map<number, string>();
  if (Array.isArray(body)) {
    if (body.length !== size) return named;
    for (const [at, part] of body.entries()) {
      const words = wordsOf(part, '');
      if (words !== '') named.set(at, words);
    }
    return named;
  }
  const errors = (body as { errors?: unknown } | null)?.errors;
  if (!Array.isArray(errors)) return named;
  for (const entry of errors as { index?: unknown; id?: unknown; errors?: unknown }[]) {
    const at = typeof entry?.id === 'number' && ids.length > 0 ? ids.indexOf(entry.id) : entry?.index;
    if (typeof at !== 'number' || at < 0 || at >= size) return new Map();
    named.set(at, wordsOf(entry.errors, 'refused'));
  }
  return named;
}
