import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateByTenant } from './tenant-isolation.js';

/**
 * A name that a tenant has on name servers is no other tenant's: by whatever door it comes, as the name of an address, as an alias or by the prefix of a subnet.
 * Before, the index of names knew only the names that are kept, and who was published under what another one took lost it.
 */
export class ClaimNames1767225600041 implements MigrationInterface {
  name = 'ClaimNames1767225600041';

  /** @param patienceSeconds how long it waits for transactions that have changed addresses or subnets. */
  constructor(private readonly patienceSeconds = 120) {}

  async up(q: QueryRunner): Promise<void> {
    await q.query(quiet(this.patienceSeconds));
    await q.query(TABLE);
    await q.query(NAMES);
    await q.query(CLAIM);
    await q.query(OF_ADDRESSES);
    await q.query(OF_SUBNETS);
    await q.query('GRANT CREATE ON SCHEMA public TO trame_system');
    for (const of of DEFINERS) await q.query(`REVOKE EXECUTE ON FUNCTION ${of} FROM PUBLIC; ALTER FUNCTION ${of} OWNER TO trame_system`);
    await q.query('REVOKE CREATE ON SCHEMA public FROM trame_system');
    await q.query('SELECT dns_claims_rebuild()');
    await watchAddresses(q, CLAIMED);
    await q.query('DROP FUNCTION dns_names_of_others(uuid, text[])');
  }

  async down(q: QueryRunner): Promise<void> {
    await watchAddresses(q);
    await q.query(`
      DROP TRIGGER subnet_claims ON subnet;
      DROP FUNCTION ${[...DEFINERS, ...INVOKERS].join(', ')};
      DROP TABLE dns_name_claim`);
    await q.query(OF_OTHERS);
  }
}

/** A tenant's change claims, and the tenant can neither read nor change what is claimed. */
const DEFINERS = ['claims_of_subnet()', 'dns_claims_rebuild()', 'dns_claims_mend(uuid)'];
const INVOKERS = [
  'dns_names_moved(uuid[], int[], text[], uuid[], int[])',
  'dns_names_change(int[], text[], uuid[], int[])',
  'dns_claim(int[], text[], uuid[], int[])',
  'dns_unclaim(int[], text[], uuid[], int[])',
  'dns_names_wanted(uuid[])',
  'dns_called(text, text, text)',
];

/**
 * Nobody is changing names, and nobody does until the end: what the triggers of before let through would be claimed by nobody. Reading goes on. Whoever has an import
 * open is waited for, in turns of a second or two: in between those go on who have queued up behind this.
 */
const quiet = (seconds: number): string => `
  DO $$
  DECLARE
    v_until timestamptz := clock_timestamp() + make_interval(secs => ${seconds});
    v_before text := current_setting('lock_timeout');
  BEGIN
    LOOP
      BEGIN
        PERFORM set_config('lock_timeout', '1500ms', true); -- Longer than deadlock_timeout: only then an autovacuum that is in the way is ended.
        LOCK TABLE subnet, ip_address IN SHARE ROW EXCLUSIVE MODE;
        EXIT;
      EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
        IF clock_timestamp() >= v_until THEN
          RAISE lock_not_available USING MESSAGE = 'addresses or subnets are being changed since more than ${seconds} s: migration 0041 was not carried out',
            HINT = 'Let the import or the transaction that is open come to its end (pg_stat_activity), or stop the API and the workers, and migrate again. Until then workers of both releases stand down.';
        END IF;
        PERFORM pg_sleep(0.2);
      END;
    END LOOP;
    PERFORM set_config('lock_timeout', v_before, true);
  END $$`;

/** As the functions of 0014: plans are made while tables are small, and must be right when they are large. */
const BY_INDEX =
  'SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off';
const AS_DEFINER = 'SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp';

const TABLE = `
  -- Whose a name is, of each family: at place 0. Behind it stand tenants that were called so, too, when this table was made, in the order of right: in a fabric
  -- where both have it theirs is not published, and the next moves up. Derived from names by the triggers below, mended by dns_claims_mend. No foreign key:
  -- ip_address has it.
  CREATE TABLE dns_name_claim (
    family int NOT NULL CONSTRAINT dns_name_claim_family_known CHECK (family IN (4, 6)),
    name text COLLATE "C" NOT NULL,
    place int NOT NULL DEFAULT 0,
    tenant_id uuid NOT NULL,
    -- How many names of the tenant's addresses are called so.
    uses int NOT NULL CONSTRAINT dns_name_claim_used CHECK (uses > 0),
    CONSTRAINT dns_name_claim_pkey PRIMARY KEY (family, name, place));
  CREATE INDEX dns_name_claim_waiting ON dns_name_claim (family, name, place) WHERE place > 0;
  CREATE INDEX dns_name_claim_tenant ON dns_name_claim (tenant_id);
  ${isolateByTenant('dns_name_claim')}
  GRANT SELECT, INSERT, UPDATE, DELETE ON dns_name_claim TO trame_system;
`;

const NAMES = `
  -- What a name server is told: calledAs of published-names.ts.
  CREATE FUNCTION dns_called(p_name text, p_zone text, p_prefix text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN p_zone IS NULL OR p_prefix IS NULL OR right(p_name, length(p_zone) + 1) <> '.' || p_zone
          OR right('.' || p_name, length(p_prefix) + length(p_zone) + 2) = '.' || p_prefix || '.' || p_zone THEN p_name
      ELSE left(p_name, length(p_name) - length(p_zone)) || p_prefix || '.' || p_zone END $$;

  -- How often each tenant is called what, of these tenants or (NULL) of all, and by what right: a name as it is kept, else one with a prefix, else an alias; the
  -- lowest of these texts goes first. What is too long for a name is nobody's.
  CREATE FUNCTION dns_names_wanted(p_tenants uuid[]) RETURNS TABLE (family int, name text, tenant_id uuid, uses int, claim text) LANGUAGE sql STABLE AS $$
    SELECT family(i.address), c.name COLLATE "C", i.tenant_id, count(*)::int,
           min(CASE WHEN l.n > 1 THEN '2 ' WHEN c.name <> l.name THEN '1 ' ELSE '0 ' END || i.id::text COLLATE "C")
      FROM subnet s JOIN ip_address i ON i.subnet_id = s.id CROSS JOIN LATERAL unnest(i.dns_name || i.dns_aliases) WITH ORDINALITY l (name, n)
      CROSS JOIN LATERAL (SELECT dns_called(l.name, s.dns_zone, s.dns_zone_prefix)) c (name)
     WHERE i.dns_name IS NOT NULL AND length(c.name) <= 253 AND (p_tenants IS NULL OR s.tenant_id = ANY(p_tenants)) GROUP BY 1, 2, 3 $$;
`;

const CLAIM = `
  -- So many names more are called so. The arrays of these functions are parallel and in the order of the names: whoever waits for a name does not have one that the
  -- other waits for. Refused as the index of names refuses, which every caller knows; the name is the hint. Plans are those of the callers, by index.
  CREATE FUNCTION dns_claim(p_families int[], p_names text[], p_tenants uuid[], p_uses int[]) RETURNS void LANGUAGE plpgsql AS $$
  DECLARE
    v_claimed int;
    v_taken text;
  BEGIN
    -- By two tenants in one statement.
    IF cardinality(p_names) > 1 THEN
      SELECT x.name INTO v_taken FROM unnest(p_families, p_names) x (family, name) GROUP BY x.family, x.name HAVING count(*) > 1 LIMIT 1;
    END IF;
    IF v_taken IS NULL THEN
      INSERT INTO dns_name_claim AS c (family, name, tenant_id, uses) SELECT * FROM unnest(p_families, p_names, p_tenants, p_uses)
        ON CONFLICT ON CONSTRAINT dns_name_claim_pkey DO UPDATE SET uses = c.uses + excluded.uses WHERE c.tenant_id = excluded.tenant_id;
      GET DIAGNOSTICS v_claimed = ROW_COUNT;
      IF v_claimed = cardinality(p_names) THEN RETURN; END IF;
      SELECT x.name INTO v_taken FROM unnest(p_families, p_names, p_tenants) x (family, name, tenant)
        JOIN dns_name_claim c ON c.family = x.family AND c.name = x.name AND c.place = 0 WHERE c.tenant_id <> x.tenant LIMIT 1;
    END IF;
    RAISE unique_violation USING MESSAGE = 'the name ' || v_taken || ' is in use', TABLE = 'ip_address', CONSTRAINT = 'ip_address_dns_name_unique', HINT = v_taken;
  END $$;

  -- So many fewer. A name that nobody at place 0 is called any more is the next one's.
  CREATE FUNCTION dns_unclaim(p_families int[], p_names text[], p_tenants uuid[], p_uses int[]) RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
    MERGE INTO dns_name_claim c USING unnest(p_families, p_names, p_tenants, p_uses) x (family, name, tenant, uses)
        ON c.family = x.family AND c.name = x.name AND c.tenant_id = x.tenant
      WHEN MATCHED AND c.uses <= x.uses THEN DELETE
      WHEN MATCHED THEN UPDATE SET uses = c.uses - x.uses;
    IF EXISTS (SELECT FROM dns_name_claim WHERE place > 0) THEN
      UPDATE dns_name_claim c SET place = 0
        FROM (SELECT w.family, w.name, min(w.place) AS place FROM unnest(p_families, p_names) x (family, name)
                JOIN dns_name_claim w ON w.family = x.family AND w.name = x.name AND w.place > 0
               WHERE NOT EXISTS (SELECT FROM dns_name_claim o WHERE o.family = x.family AND o.name = x.name AND o.place = 0) GROUP BY 1, 2) n
       WHERE c.family = n.family AND c.name = n.name AND c.place = n.place;
    END IF;
  END $$;

  -- Both; uses below 0 are fewer. First what ends: one statement may hand a name from tenant to tenant.
  CREATE FUNCTION dns_names_change(p_families int[], p_names text[], p_tenants uuid[], p_uses int[]) RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
    IF 0 < ALL(p_uses) THEN
      PERFORM dns_claim(p_families, p_names, p_tenants, p_uses);
      RETURN;
    END IF;
    PERFORM dns_unclaim(array_agg(x.family ORDER BY x.n), array_agg(x.name ORDER BY x.n), array_agg(x.tenant ORDER BY x.n), array_agg(-x.uses ORDER BY x.n))
      FROM unnest(p_families, p_names, p_tenants, p_uses) WITH ORDINALITY x (family, name, tenant, uses, n) WHERE x.uses < 0;
    IF 0 < ANY(p_uses) THEN
      PERFORM dns_claim(array_agg(x.family ORDER BY x.n), array_agg(x.name ORDER BY x.n), array_agg(x.tenant ORDER BY x.n), array_agg(x.uses ORDER BY x.n))
        FROM unnest(p_families, p_names, p_tenants, p_uses) WITH ORDINALITY x (family, name, tenant, uses, n) WHERE x.uses > 0;
    END IF;
  END $$;

  -- All of them anew. Whoever changes names meanwhile waits.
  CREATE FUNCTION dns_claims_rebuild() RETURNS int LANGUAGE plpgsql ${AS_DEFINER} AS $$
  DECLARE
    v_rows int;
  BEGIN
    LOCK TABLE dns_name_claim IN EXCLUSIVE MODE;
    DELETE FROM dns_name_claim;
    INSERT INTO dns_name_claim (family, name, tenant_id, uses, place)
      SELECT w.family, w.name, w.tenant_id, w.uses, row_number() OVER (PARTITION BY w.family, w.name ORDER BY w.claim COLLATE "C") - 1 FROM dns_names_wanted(NULL) w;
    GET DIAGNOSTICS v_rows = ROW_COUNT;
    RETURN v_rows;
  END $$;

  -- For the doctor: the names of which this tenant's claims are not true are claimed anew, by all who claim them, in the order of right. How many they were.
  -- Whoever changes names meanwhile waits, for as long as it takes to read those of this tenant.
  CREATE FUNCTION dns_claims_mend(p_tenant uuid) RETURNS int LANGUAGE plpgsql ${AS_DEFINER} AS $$
  DECLARE
    v_families int[];
    v_names text[];
    v_tenants uuid[];
  BEGIN
    LOCK TABLE dns_name_claim IN EXCLUSIVE MODE;
    SELECT array_agg(coalesce(w.family, c.family)), array_agg(coalesce(w.name, c.name)) INTO v_families, v_names
      FROM dns_names_wanted(ARRAY[p_tenant]) w FULL JOIN (SELECT * FROM dns_name_claim WHERE tenant_id = p_tenant) c ON c.family = w.family AND c.name = w.name
     WHERE w.uses IS DISTINCT FROM c.uses;
    IF v_names IS NULL THEN RETURN 0; END IF;
    WITH gone AS (DELETE FROM dns_name_claim c USING unnest(v_families, v_names) x (family, name) WHERE c.family = x.family AND c.name = x.name RETURNING c.tenant_id)
      SELECT array_agg(DISTINCT g.tenant_id) INTO v_tenants FROM gone g;
    INSERT INTO dns_name_claim (family, name, tenant_id, uses, place)
      SELECT w.family, w.name, w.tenant_id, w.uses, row_number() OVER (PARTITION BY w.family, w.name ORDER BY w.claim COLLATE "C") - 1
        FROM dns_names_wanted(v_tenants || p_tenant) w JOIN unnest(v_families, v_names) x (family, name) ON x.family = w.family AND x.name = w.name;
    RETURN cardinality(v_names);
  END $$;
`;

/** SELECT of parallel arrays, in the order of the names, INTO v_families … @param rows SELECT of family, name as it is called, tenant and uses. */
const inOrder = (rows: string): string => `
    SELECT array_agg(u.family ORDER BY u.n), array_agg(u.name ORDER BY u.n), array_agg(u.tenant ORDER BY u.n), array_agg(u.uses ORDER BY u.n)
      INTO v_families, v_names, v_tenants, v_uses FROM (
        SELECT c.*, row_number() OVER (ORDER BY c.name COLLATE "C", c.family) AS n FROM (${rows}) c (family, name, tenant, uses)
         WHERE c.uses <> 0 AND length(c.name) <= 253) u;
    IF v_names IS NOT NULL THEN PERFORM dns_names_change(v_families, v_names, v_tenants, v_uses); END IF;`;
const ARRAYS = `
    v_families int[];
    v_names text[];
    v_tenants uuid[];
    v_uses int[];`;

const OF_ADDRESSES = `
  -- Names as they are kept, of addresses of these subnets. What a subnet makes of them stays until the end of the transaction: whoever changes that waits, or is waited
  -- for. A thousand locks for all subnets: an import may be of any number of them.
  CREATE FUNCTION dns_names_moved(p_subnets uuid[], p_families int[], p_names text[], p_tenants uuid[], p_uses int[]) RETURNS void LANGUAGE plpgsql ${BY_INDEX} AS $$
  DECLARE ${ARRAYS}
  BEGIN
    PERFORM pg_advisory_xact_lock_shared('dns_name_claim'::regclass::oid::int, u.n)
      FROM (SELECT DISTINCT hashtext(x::text) & 1023 AS n FROM unnest(p_subnets) x ORDER BY 1) u;
    ${inOrder(`SELECT m.family, dns_called(m.name, s.dns_zone, s.dns_zone_prefix), m.tenant, sum(m.uses)::int
                  FROM unnest(p_subnets, p_families, p_names, p_tenants, p_uses) m (subnet, family, name, tenant, uses) JOIN subnet s ON s.id = m.subnet GROUP BY 1, 2, 3`)}
  END $$;
`;

const OF_SUBNETS = `
  -- Another zone or prefix: all its names are called otherwise, in one statement.
  CREATE FUNCTION claims_of_subnet() RETURNS trigger LANGUAGE plpgsql ${AS_DEFINER} ${BY_INDEX} AS $$
  DECLARE ${ARRAYS}
  BEGIN
    PERFORM pg_advisory_xact_lock('dns_name_claim'::regclass::oid::int, hashtext(NEW.id::text) & 1023);
    ${inOrder(`SELECT family(i.address), v.name, i.tenant_id, sum(v.uses)::int FROM ip_address i CROSS JOIN LATERAL unnest(i.dns_name || i.dns_aliases) l (name)
                  CROSS JOIN LATERAL (VALUES (dns_called(l.name, OLD.dns_zone, OLD.dns_zone_prefix), -1), (dns_called(l.name, NEW.dns_zone, NEW.dns_zone_prefix), 1)) v (name, uses)
                 WHERE i.subnet_id = NEW.id AND i.dns_name IS NOT NULL GROUP BY 1, 2, 3`)}
    RETURN NULL;
  END $$;
  CREATE TRIGGER subnet_claims AFTER UPDATE OF dns_zone, dns_zone_prefix ON subnet FOR EACH ROW
    WHEN ((OLD.dns_zone, OLD.dns_zone_prefix) IS DISTINCT FROM (NEW.dns_zone, NEW.dns_zone_prefix)) EXECUTE FUNCTION claims_of_subnet();
`;

/** Of migration 0039. It knew names as they are kept, which may be nobody's on name servers, and refused what its owner said anew. */
const OF_OTHERS = `
  CREATE FUNCTION dns_names_of_others(p_address uuid, p_names text[]) RETURNS SETOF text LANGUAGE sql STABLE ${AS_DEFINER} AS $$
    SELECT w.name FROM ip_address a, unnest(p_names) w (name)
     WHERE a.id = p_address AND (
       EXISTS (SELECT FROM ip_address o WHERE o.dns_name = w.name AND family(o.address) = family(a.address) AND o.tenant_id <> a.tenant_id)
       OR EXISTS (SELECT FROM ip_address o WHERE o.dns_aliases @> ARRAY[w.name] AND o.dns_aliases IS NOT NULL AND family(o.address) = family(a.address)
         AND o.tenant_id <> a.tenant_id)) $$;
  GRANT CREATE ON SCHEMA public TO trame_system;
  ALTER FUNCTION dns_names_of_others(uuid, text[]) OWNER TO trame_system;
  REVOKE CREATE ON SCHEMA public FROM trame_system;
`;

interface Claimed {
  readonly declare: string;
  /** Of each event. @param rows which of `stale` and `fresh` there are. */
  begin(...rows: readonly ('stale' | 'fresh')[]): string;
}

/** Names of rows that were (−1) and are (1). Most statements change none, and go no further. */
const CLAIMED: Claimed = {
  declare: `DECLARE v_subnets uuid[]; ${ARRAYS}`,
  begin(...rows) {
    const named = rows.map((table) => `EXISTS (SELECT FROM ${table} WHERE dns_name IS NOT NULL)`).join(' OR ');
    const columns = (table: string): string =>
      `SELECT subnet_id, address, tenant_id, dns_name, dns_aliases, ${table === 'stale' ? -1 : 1} AS uses FROM ${table}`;
    return `IF NOT (${named}) THEN RETURN NULL; END IF;
      SELECT array_agg(m.subnet_id), array_agg(m.family), array_agg(m.name), array_agg(m.tenant_id), array_agg(m.uses)
        INTO v_subnets, v_families, v_names, v_tenants, v_uses FROM (
          SELECT r.subnet_id, family(r.address) AS family, l.name, r.tenant_id, sum(r.uses)::int AS uses FROM (${rows.map(columns).join(' UNION ALL ')}) r
            CROSS JOIN LATERAL unnest(r.dns_name || r.dns_aliases) l (name) WHERE r.dns_name IS NOT NULL GROUP BY 1, 2, 3, 4) m WHERE m.uses <> 0;
      IF v_names IS NOT NULL THEN PERFORM dns_names_moved(v_subnets, v_families, v_names, v_tenants, v_uses); END IF;`;
  },
};

/** As in migration 0039, but that names are claimed before they are noted. */
async function watchAddresses(q: QueryRunner, { declare, begin }: Claimed = { declare: '', begin: () => '' }): Promise<void> {
  const row = (of: 'o' | 'n'): string =>
    `(${['dns_name', 'dns_aliases', 'state', 'address', 'subnet_id'].map((column) => `${of}.${column}`).join(', ')})`;
  const changed = `FROM stale o JOIN fresh n ON n.id = o.id WHERE coalesce(o.dns_name, n.dns_name) IS NOT NULL AND ${row('o')} IS DISTINCT FROM ${row('n')}`;
  const note = (touched: string): string => `IF dns_is_watched() THEN PERFORM dns_noted(ARRAY(WITH touched AS (${touched})
        SELECT DISTINCT sp.fabric_id FROM touched t JOIN address_space sp ON sp.id = t.space_id LEFT JOIN subnet s ON s.id = t.subnet_id
          LEFT JOIN network n ON n.id = s.network_id
         WHERE t.dns_name IS NOT NULL AND t.state = 'BOUND' AND (n.id IS NULL OR n.state IN ('PROVISIONING', 'ACTIVE', 'DEGRADED')))); END IF`;
  await q.query(`
    CREATE OR REPLACE FUNCTION names_of_ip_address() RETURNS trigger LANGUAGE plpgsql ${AS_DEFINER} AS $$
    ${declare}
    BEGIN
      IF TG_OP = 'INSERT' THEN ${begin('fresh')} ${note('SELECT * FROM fresh')};
      ELSIF TG_OP = 'UPDATE' THEN ${begin('stale', 'fresh')} ${note(`SELECT o.* ${changed} UNION ALL SELECT n.* ${changed}`)};
      ELSE ${begin('stale')} ${note('SELECT * FROM stale')};
      END IF;
      RETURN NULL;
    END $$`);
}
