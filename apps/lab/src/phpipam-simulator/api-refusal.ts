/** An answer of the API that is no success. */
export class ApiRefusal extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/** What MySQL says comes through as it is. */
export const sqlError = (text: string): ApiRefusal => new ApiRefusal(500, `Error: SQLSTATE${text}`);
