/**
 * SQL that keeps the rows of tenants apart (ADR 0003). FORCE: the owner of the tables obeys too. Two policies and no third:
 * a tenant's transaction sees the rows of its tenant, the system's sees all.
 */
export const isolateByTenant = (table: string, column = 'tenant_id'): string => `
  ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
  ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;
  CREATE POLICY ${table}_tenant ON ${table} TO trame_tenant USING (${column} = current_tenant()) WITH CHECK (${column} = current_tenant());
  CREATE POLICY ${table}_system ON ${table} TO trame_system USING (true) WITH CHECK (true);
`;
