import type { DomainError } from '#engines/kernel';
import { isUserError, type Tx } from '#platform';

/** What is refused leaves nothing, whatever it had begun; the refusal is the answer. */
export async function attempt<T>(tx: Tx, work: () => Promise<T>): Promise<T | DomainError> {
  await tx.run('SAVEPOINT taking');
  try {
    const done = await work();
    await tx.run('RELEASE SAVEPOINT taking');
    return done;
  } catch (error) {
    const refused = asRefusal(error);
    await tx.run('ROLLBACK TO SAVEPOINT taking');
    await tx.run('RELEASE SAVEPOINT taking');
    return refused;
  }
}

function asRefusal(error: unknown): DomainError {
  if (!isUserError(error)) throw error;
  return error;
}
