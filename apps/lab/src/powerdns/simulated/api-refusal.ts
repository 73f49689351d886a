/** What the API answers instead of doing it. */
export class ApiRefusal extends Error {
  constructor(
    readonly status: 400 | 401 | 404 | 405 | 409 | 422,
    message: string,
  ) {
    super(message);
  }
}
