/** An answer of the API that is no success: status, words, and what is wrong by parameter. */
export class ApiRefusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly errors?: Readonly<Record<string, string>>,
  ) {
    super(message);
  }
}

/** 400, as the API says it for every parameter that is not in its schema or not of its form. */
export const badParameters = (errors: Readonly<Record<string, string>>): ApiRefusal =>
  new ApiRefusal(400, 'Parameter verification failed.', errors);
