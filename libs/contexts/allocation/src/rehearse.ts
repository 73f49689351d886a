import { Database, type Scope, type Tx } from '#platform';

/**
 * Does all of it, and undoes all of it: the answer is what the same request would get at this moment, and nothing of it stays. The locks are held as
 * long as it takes.
 */
export async function rehearse<Answer>(db: Database, scope: Scope, work: (tx: Tx) => Promise<Answer>): Promise<Answer> {
  const undo = new Error('a rehearsal ends here');
  let answer: { readonly of: Answer } | undefined;
  try {
    await db.inTransaction(scope, async (tx) => {
      answer = { of: await work(tx) };
      throw undo;
    });
  } catch (error) {
    if (error !== undo || !answer) throw error;
  }
  return (answer as { readonly of: Answer }).of;
}
