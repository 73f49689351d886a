/** Facts travel with an error to the API, the log and the test; they are plain JSON and never carry secrets. */
export type ErrorFacts = Readonly<Record<string, unknown>>;

/**
 * The one error type of engines and contexts: a code from a closed set, one sentence, and the facts behind it.
 * Each context declares its codes in its own `domain/errors.ts`.
 */
export class DomainError<Code extends string = string, Facts extends ErrorFacts = ErrorFacts> extends Error {
  constructor(
    readonly code: Code,
    message: string,
    readonly facts: Facts = {} as Facts,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'DomainError';
  }
}

export const isDomainError = (error: unknown): error is DomainError => error instanceof DomainError;

/** @param accepted what would have been accepted, in words: it is shown to the caller. */
export function invalidValue(kind: string, value: unknown, accepted: string): DomainError<'INVALID_VALUE'> {
  return new DomainError('INVALID_VALUE', `${kind} ${preview(value)} is not valid: ${accepted}`, {
    kind,
    value: preview(value),
    accepted,
  });
}

/** Bad input comes back to its sender: short, on one line, printable. What has parts is only named: it may be too deep to be written. */
function preview(value: unknown): string {
  const text =
    typeof value !== 'object' || value === null || value instanceof Date ? String(value) : Array.isArray(value) ? 'a list' : 'an object';
  const printable = JSON.stringify(text.slice(0, 60)).replace(/[^\x20-\x7e]/g, '?');
  return text.length > 60 ? `${printable.slice(0, -1)}…"` : printable;
}
