/** What is always true of names that tenants have on name servers (migration 0041). */
import type { Invariant, Slices } from '#contexts/events';
import { violations } from './prefix-invariants.js';

/** Their claims are read through once for each page. */
const PAGE = 500;

const tenants: Slices = {
  name: 'tenants and their names',
  kind: 'tenant',
  next: async (tx, after) =>
    (await tx.sql<{ id: string }>('SELECT id FROM tenant WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2', [after, PAGE])).map(
      (row) => row.id,
    ),
};

const OF = `' (IPv' || c.family || ')'`;

const namesOfOneTenant: Invariant = {
  name: 'addressing.names-of-one-tenant',
  says: 'No two tenants have the same name on name servers.',
  remedy:
    'They had it before that was refused: it is published for the first of them, and each run of the name server shows what is withheld. Have one of them named otherwise, or give its subnet another prefix.',
  slices: tenants,
  violations: violations(
    `SELECT c.tenant_id AS id, c.name || ${OF} || ' is published for tenant ' || coalesce(o.tenant_id::text, 'nobody') AS what
       FROM dns_name_claim c LEFT JOIN dns_name_claim o ON o.family = c.family AND o.name = c.name AND o.place = 0
      WHERE c.place > 0 AND c.tenant_id = ANY($1) ORDER BY c.name LIMIT $2`,
  ),
};

const nameClaimsTrue: Invariant = {
  name: 'addressing.name-claims-true',
  says: 'Every name that an address has on name servers is claimed for its tenant as often as it has it, and no other name is.',
  remedy: 'Claims are derived from names: `trame doctor --repair` makes them anew.',
  slices: tenants,
  violations: violations(
    `SELECT coalesce(w.tenant_id, c.tenant_id) AS id, coalesce(w.name, c.name) || ' (IPv' || coalesce(w.family, c.family) || ') is a name of ' || coalesce(w.uses, 0)
              || ' addresses, and ' || coalesce(c.uses, 0) || ' are counted' AS what
       FROM dns_names_wanted($1) w FULL JOIN (SELECT * FROM dns_name_claim WHERE tenant_id = ANY($1)) c
         ON c.family = w.family AND c.name = w.name AND c.tenant_id = w.tenant_id
      WHERE w.uses IS DISTINCT FROM c.uses ORDER BY 2 LIMIT $2`,
  ),
  repair: async (tx) => (await tx.one<{ n: number }>('SELECT dns_claims_rebuild() AS n'))?.n ?? 0,
};

export const nameInvariants: readonly Invariant[] = [namesOfOneTenant, nameClaimsTrue];
