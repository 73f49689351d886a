import pg from 'pg';

/** Every row of every table, as one digest per table: what a request that was refused must not change. */
export class DatabaseState {
  private constructor(private readonly client: pg.Client) {}

  /** As the owner of the server, who sees the rows of all tenants. */
  static async of(url: string): Promise<DatabaseState> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    return new DatabaseState(client);
  }

  /** Without the time at which a token was last used: that is not the request's doing. */
  async read(): Promise<Readonly<Record<string, string>>> {
    const { rows } = await this.client.query<{ name: string }>(
      `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename`,
    );
    const digest = (name: string): string =>
      `SELECT '${name}' AS name, count(*) || ' ' || md5(coalesce(string_agg(line, ',' ORDER BY line), '')) AS digest
         FROM (SELECT (to_jsonb(t) - 'last_used_at')::text AS line FROM ${name} t) lines`;
    const found = await this.client.query<{ name: string; digest: string }>(rows.map((row) => digest(row.name)).join(' UNION ALL '));
    return Object.fromEntries(found.rows.map((row) => [row.name, row.digest]));
  }

  close(): Promise<void> {
    return this.client.end();
  }
}
