/** A JSON object as a record; anything else has no members. Reports of daemons omit what is empty, so absence is no error here. */
export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
