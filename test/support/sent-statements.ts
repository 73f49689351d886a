import pg from 'pg';

/** What any connection of this process sends to Postgres while `work` runs, without the brackets of transactions. */
export async function sentStatements(work: () => Promise<unknown>): Promise<string[]> {
  const sent: string[] = [];
  const prototype = pg.Client.prototype as unknown as { query: (...args: unknown[]) => unknown };
  const { query } = prototype;
  prototype.query = function (this: unknown, ...args: unknown[]): unknown {
    const [first] = args as [string | { readonly text: string }];
    sent.push(typeof first === 'string' ? first : first.text);
    return query.apply(this, args);
  };
  try {
    await work();
  } finally {
    prototype.query = query;
  }
  return sent
    .map((text) => text.trim())
    .filter((text) => !/^(?:BEGIN|START TRANSACTION|SET TRANSACTION|COMMIT|ROLLBACK)\b|^SELECT set_config\(/i.test(text));
}
