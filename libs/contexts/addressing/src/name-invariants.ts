/** What is always true of names that tenants have on name servers (migration 0041). */
import type { Invariant, Slices } from '#contexts/events';
import { violations } from './prefix-invariants.js';

/** Tenants of one question: many with few names each, or a single one with more names than this. */
const TENANTS = 500;
const NAMES = 20_000;

const tenants: Slices = {
  name: 'tenants and their names',
  kind: 'tenant',
  next: async (tx, after) =>
    (
      await tx.sql<{ id: string }>(
        `WITH beyond AS (SELECT tenant_id FROM dns_name_claim WHERE $1::uuid IS NULL OR tenant_id > $1 ORDER BY tenant_id OFFSET $3 LIMIT 1)
         SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM tenant WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2) t
          WHERE n = 1 OR NOT EXISTS (SELECT FROM beyond WHERE beyond.tenant_id <= t.id) ORDER BY id`,
        [after, TENANTS, NAMES],
      )
    ).map((row) => row.id),
};

/** Names of the fabrics that those have who claim what tenants of `$1` wait for. Names are claimed in all fabrics together, and published in each by itself. */
const CALLED = `waiting AS MATERIALIZED (SELECT * FROM dns_name_claim WHERE place > 0 AND tenant_id = ANY($1)),
   called AS MATERIALIZED (
     SELECT DISTINCT sp.fabric_id, family(i.address) AS family, n.name, i.tenant_id FROM subnet s JOIN ip_address i ON i.subnet_id = s.id
       JOIN address_space sp ON sp.id = i.space_id CROSS JOIN LATERAL unnest(i.dns_name || i.dns_aliases) l (name)
       CROSS JOIN LATERAL (SELECT dns_called(l.name, s.dns_zone, s.dns_zone_prefix) COLLATE "C") n (name)
      WHERE i.dns_name IS NOT NULL AND n.name IN (SELECT name FROM waiting)
        AND s.tenant_id IN (SELECT c.tenant_id FROM dns_name_claim c JOIN waiting w ON w.family = c.family AND w.name = c.name))`;

const namesOfOneTenant: Invariant = {
  name: 'addressing.names-of-one-tenant',
  says: 'No two tenants have the same name on the name servers of a fabric.',
  remedy:
    'They had it before that was refused, and each run of the name server shows what is withheld. Have one of them named otherwise, or give its subnet another prefix.',
  slices: tenants,
  violations: violations(
    `WITH ${CALLED}
     SELECT w.tenant_id AS id, w.name || ' (IPv' || w.family || ') is claimed first by tenant ' || first.tenant_id AS what
       FROM waiting w CROSS JOIN LATERAL (
         SELECT c.tenant_id FROM dns_name_claim c JOIN called o ON o.family = c.family AND o.name = c.name AND o.tenant_id = c.tenant_id
           JOIN called u ON u.fabric_id = o.fabric_id AND u.family = c.family AND u.name = c.name AND u.tenant_id = w.tenant_id
          WHERE c.family = w.family AND c.name = w.name AND c.place < w.place ORDER BY c.place LIMIT 1) first
      ORDER BY w.name LIMIT $2`,
  ),
};

const nameClaimsTrue: Invariant = {
  name: 'addressing.name-claims-true',
  says: 'Every name that an address has on name servers is claimed for its tenant as often as it has it, and no other name is.',
  remedy: 'Claims are derived from names: `trame doctor --repair` mends them.',
  slices: tenants,
  violations: violations(
    `SELECT coalesce(w.tenant_id, c.tenant_id) AS id, coalesce(w.name, c.name) || ' (IPv' || coalesce(w.family, c.family) || ') is a name of ' || coalesce(w.uses, 0)
              || ' addresses, and ' || coalesce(c.uses, 0) || ' are counted' AS what
       FROM dns_names_wanted($1) w FULL JOIN (SELECT * FROM dns_name_claim WHERE tenant_id = ANY($1)) c
         ON c.family = w.family AND c.name = w.name AND c.tenant_id = w.tenant_id
      WHERE w.uses IS DISTINCT FROM c.uses ORDER BY 2 LIMIT $2`,
  ),
  repair: async (tx, id) => (await tx.one<{ n: number }>('SELECT dns_claims_mend($1) AS n', [id]))?.n ?? 0,
};

export const nameInvariants: readonly Invariant[] = [namesOfOneTenant, nameClaimsTrue];
