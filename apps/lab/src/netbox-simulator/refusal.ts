import type { Json } from './json.js';

/** What the API answers instead of doing it. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly body: Json,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(JSON.stringify(body));
  }
}

export const detail = (status: number, words: string): Refusal => new Refusal(status, { detail: words });

/** Messages by field; `__all__` and `non_field_errors` are those of no field. */
export type FieldErrors = Record<string, Json>;

export const badFields = (errors: FieldErrors): Refusal => new Refusal(400, errors);

/** What the database does not take; NetBox lets it through to there. */
export class DataError extends Error {
  override readonly name = 'DataError';
}

/** A check that runs where nobody catches what it says: an error of the server, and nothing done. */
export class ValidationError extends Error {
  override readonly name = 'ValidationError';
}

/** A constraint of the database that the checks before it did not see: two requests at once, or two rows of one list. */
export class IntegrityError extends Error {
  constructor(readonly constraint: string) {
    super(`duplicate key value violates unique constraint "${constraint}"\n`);
  }
}
