/** A reference that the checks have proved: a hole here is a defect of a check, never of the data. */
export function known<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('a check let an unresolved reference through');
  return value;
}
