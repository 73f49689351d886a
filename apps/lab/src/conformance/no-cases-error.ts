/** The folder is not there, or holds no case of the kind: nothing was judged, and that is no success. */
export class NoCasesError extends Error {
  constructor(
    readonly directory: string,
    expected: string,
  ) {
    super(`no cases in ${directory}: expected ${expected}`);
    this.name = 'NoCasesError';
  }
}
