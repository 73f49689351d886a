import { DomainError } from '#engines/kernel';

export interface RefusalAnswer {
  readonly code: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** An error is an answer when it is one of the domain's; anything else fails the test. Undefined: it was done. */
export async function refusalOf(work: Promise<unknown>): Promise<RefusalAnswer | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return { code: error.code, facts: error.facts };
  }
}
