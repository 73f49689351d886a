import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Addresses for stations of a façade (ADR 0019): looked for, taken, bound, numbered and told of in one statement. */
export class TakeStations1767225600034 implements MigrationInterface {
  name = 'TakeStations1767225600034';

  async up(q: QueryRunner): Promise<void> {
    await q.query(TAKE);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(
      'DROP FUNCTION facade_take(text, uuid, uuid, uuid[], text, text[], text[], bigint[], uuid[], inet[], uuid[], text[], macaddr[], text[], text[])',
    );
  }
}

/** As the functions of 0014: plans are made while tables are small, and must be right when they are large. */
const BY_INDEX =
  'SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off';

const TAKE = `
  -- Requests of one façade, each for one address of a subnet (kind prefix, by number or by id), of a range of it (kind ip-range), or for p_prefers.
  -- The arrays are parallel. No two of them are of one station. PRESENT: the station, or else the key, has the address already, whatever is said
  -- of it now; a hold for it is bound. A name alone is known by the key of this façade and never by who is called so: that may be a host of an order, a
  -- gateway, or a guest with a MAC address. Runs in the tenant's scope: row-level security holds here as everywhere. Whoever asks for the same station
  -- at the same moment waits for the lock of the subnet and finds it. A name that somebody else has is not taken, rather than no address given.
  CREATE FUNCTION facade_take(p_caller text, p_tenant uuid, p_vrf uuid, p_spaces uuid[], p_holder text, p_actors text[], p_kinds text[], p_numbers bigint[],
      p_subnets uuid[], p_prefers inet[], p_ids uuid[], p_keys text[], p_macs macaddr[], p_names text[], p_descriptions text[])
    RETURNS TABLE (i int, outcome text, subnet_id uuid, subnet text, first text, last text, room text, refused text, address_id uuid, address text, role text, mac text,
      dns_name text, description text, holder_kind text, generation int, created_at timestamptz, updated_at timestamptz, number text) LANGUAGE plpgsql ${BY_INDEX} AS $$
  #variable_conflict use_column
  DECLARE
    n int := cardinality(p_ids);
    v_subnets uuid[];
    v_cidrs text[];
    v_firsts inet[];
    v_lasts inet[];
    v_outcomes text[] := array_fill('NOT_FOUND'::text, ARRAY[n]);
    v_found uuid[] := array_fill(NULL::uuid, ARRAY[n]);
    v_refused inet[] := array_fill(NULL::inet, ARRAY[n]);
    v_rooms bigint[] := array_fill(NULL::bigint, ARRAY[n]);
    v_fresh int[] := '{}';
    v_bound int[] := '{}';
    v_order int[];
    v_subnet uuid;
    v_id uuid;
    v_state text;
    v_key text;
    v_outcome text;
    v_address inet;
    v_room bigint;
    v_constraint text;
    j int;
  BEGIN
    SELECT array_agg(s.id ORDER BY u.i), array_agg(s.cidr::text ORDER BY u.i), array_agg(coalesce(u.prefer, g.first) ORDER BY u.i), array_agg(coalesce(u.prefer, g.last) ORDER BY u.i),
           -- In the order of the quotas: every transaction takes their rows in one order.
           array_agg(u.i::int ORDER BY s.space_id, u.i)
      INTO v_subnets, v_cidrs, v_firsts, v_lasts, v_order
      FROM unnest(p_kinds, p_numbers, p_subnets, p_prefers) WITH ORDINALITY u(kind, number, subnet, prefer, i)
      LEFT JOIN LATERAL (SELECT x.object_id FROM facade_object x WHERE x.number = u.number AND x.kind = u.kind AND x.tenant_id = p_tenant LIMIT 1) o ON true
      LEFT JOIN LATERAL (
        SELECT x.id, x.cidr, x.space_id FROM subnet x WHERE x.id = coalesce(u.subnet, split_part(o.object_id, ' ', 1)::uuid) AND x.tenant_id = p_tenant
           AND x.vrf_id IS NOT DISTINCT FROM p_vrf AND x.space_id = ANY(p_spaces) LIMIT 1) s ON true
      LEFT JOIN LATERAL (
        SELECT x.first, x.last FROM address_range x WHERE u.kind = 'ip-range' AND x.subnet_id = s.id AND x.first = nullif(split_part(o.object_id, ' ', 2), '')::inet AND x.kind = 'DHCP'
         LIMIT 1) g ON true;
    FOR v_subnet IN SELECT DISTINCT x FROM unnest(v_subnets) x WHERE x IS NOT NULL ORDER BY x LOOP
      PERFORM pg_advisory_xact_lock(hashtextextended(v_subnet::text, 0));
    END LOOP;

    FOREACH j IN ARRAY coalesce(v_order, '{}') LOOP
      CONTINUE WHEN v_subnets[j] IS NULL;
      IF p_kinds[j] = 'ip-range' THEN
        -- Whoever had the lock before may have removed it, and what is no range is given to everybody.
        PERFORM FROM address_range x WHERE x.subnet_id = v_subnets[j] AND x.first = v_firsts[j] AND x.last = v_lasts[j] AND x.kind = 'DHCP';
        CONTINUE WHEN NOT FOUND;
      END IF;
      -- 1. What the station has. OFFSET 0: by its own index, and not through all of the subnet.
      v_id := NULL;
      v_key := 'nb:' || v_subnets[j] || ':' || coalesce(p_keys[j], p_ids[j]::text);
      IF p_macs[j] IS NOT NULL THEN
        SELECT a.id, a.state INTO v_id, v_state FROM (SELECT x.id, x.subnet_id, x.address, x.state FROM ip_address x WHERE x.mac = p_macs[j] AND x.state <> 'QUARANTINED' OFFSET 0) a
         WHERE a.subnet_id = v_subnets[j] ORDER BY a.address LIMIT 1;
      ELSIF p_keys[j] IS NOT NULL THEN
        SELECT x.id, x.state INTO v_id, v_state FROM ip_address x WHERE x.tenant_id = p_tenant AND x.key = v_key AND x.fingerprint <> '' AND x.state <> 'QUARANTINED' LIMIT 1;
      END IF;
      IF v_id IS NOT NULL THEN
        v_outcomes[j] := 'PRESENT';
        v_found[j] := v_id;
        IF v_state = 'HELD' THEN
          -- Nobody who asks here binds anything later: as a hold it would be swept from under the station.
          UPDATE ip_address a SET state = 'BOUND', expires_at = NULL, generation = a.generation + 1, updated_at = now() WHERE a.id = v_id AND a.state = 'HELD';
          IF FOUND THEN v_bound := v_bound || j; END IF;
        END IF;
        CONTINUE;
      END IF;
      -- 2. Another one. Quotas, ranges and what is named in so many words are the special cases.
      v_outcome := 'SPECIAL';
      IF v_firsts[j] IS NULL THEN
        SELECT t.outcome, t.address_id, t.address, t.room INTO v_outcome, v_id, v_address, v_room FROM address_take_next(v_subnets[j], p_tenant, v_key, 'netbox', p_ids[j], NULL, p_holder, NULL) t;
      END IF;
      IF v_outcome = 'SPECIAL' THEN
        SELECT t.outcome, t.address_id, t.address, t.room INTO v_outcome, v_id, v_address, v_room
          FROM address_take(v_subnets[j], p_tenant, v_key, 'netbox', p_ids[j:j], 1, false, false, p_prefers[j], v_firsts[j], v_lasts[j], NULL, 'HOST', NULL, NULL, 'external', p_holder, NULL) t;
      END IF;
      v_outcomes[j] := v_outcome;
      IF v_outcome = 'OK' THEN
        v_found[j] := p_ids[j];
        v_fresh := v_fresh || j;
      ELSIF v_outcome = 'REPLAYED' THEN
        -- The same request once more, its first answer lost on the way.
        v_outcomes[j] := 'PRESENT';
        v_found[j] := v_id;
      ELSE
        v_refused[j] := v_address;
        v_rooms[j] := v_room;
      END IF;
    END LOOP;

    -- 3. Whose they are.
    IF cardinality(v_fresh) > 0 THEN
      UPDATE ip_address a SET mac = p_macs[x], description = p_descriptions[x] FROM unnest(v_fresh) x
       WHERE a.id = p_ids[x] AND (p_macs[x] IS NOT NULL OR p_descriptions[x] IS NOT NULL);
      -- In the order of the names: whoever has set one that another waits for does not wait for that one's.
      FOR j IN SELECT x FROM unnest(v_fresh) x WHERE p_names[x] IS NOT NULL ORDER BY p_names[x] COLLATE "C", x LOOP
        BEGIN
          UPDATE ip_address a SET dns_name = p_names[j] WHERE a.id = p_ids[j];
        EXCEPTION WHEN unique_violation THEN
          GET STACKED DIAGNOSTICS v_constraint = CONSTRAINT_NAME;
          IF v_constraint <> 'ip_address_dns_name_unique' THEN RAISE; END IF;
        END;
      END LOOP;
      INSERT INTO facade_object (tenant_id, kind, object_id) SELECT p_tenant, 'ip-address', p_ids[x]::text FROM unnest(v_fresh) x;
      PERFORM record_acts(array_agg(p_actors[x]), array_agg(a.tenant_id), 'address.allocated', 'ipAddress', array_agg(a.id),
          array_agg(jsonb_build_object('subnet', a.subnet_id, 'address', host(a.address), 'mac', a.mac, 'dnsName', a.dns_name)), NULL, NULL)
        FROM unnest(v_fresh) x CROSS JOIN LATERAL (SELECT y.* FROM ip_address y WHERE y.id = p_ids[x] LIMIT 1) a;
    END IF;
    IF cardinality(v_bound) > 0 THEN
      PERFORM record_acts(array_agg(p_actors[x]), array_agg(a.tenant_id), 'address.bound', 'ipAddress', array_agg(a.id),
          array_agg(jsonb_build_object('subnet', a.subnet_id, 'address', host(a.address))), NULL, NULL)
        FROM unnest(v_bound) x CROSS JOIN LATERAL (SELECT y.* FROM ip_address y WHERE y.id = v_found[x] LIMIT 1) a;
    END IF;
    RETURN QUERY SELECT u.i::int, u.outcome, u.subnet, u.cidr, host(u.first), host(u.last), u.room::text, host(u.refused), a.id, host(a.address), a.role, a.mac::text, a.dns_name, a.description,
           a.holder_kind, a.generation, a.created_at, a.updated_at, o.number::text
      FROM unnest(v_outcomes, v_subnets, v_cidrs, v_firsts, v_lasts, v_rooms, v_refused, v_found) WITH ORDINALITY u(outcome, subnet, cidr, first, last, room, refused, found, i)
      LEFT JOIN LATERAL (SELECT y.* FROM ip_address y WHERE y.id = u.found LIMIT 1) a ON true
      LEFT JOIN LATERAL (SELECT x.number FROM facade_object x WHERE x.tenant_id = p_tenant AND x.kind = 'ip-address' AND x.object_id = u.found::text LIMIT 1) o ON true;
  END $$;
`;
