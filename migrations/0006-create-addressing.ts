import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateByTenant } from './tenant-isolation.js';

/** An address space is where a prefix may exist once; it is neither a VRF nor a tenant. */
export class CreateAddressing1767225600006 implements MigrationInterface {
  name = 'CreateAddressing1767225600006';

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      CREATE TABLE address_space (
        id uuid CONSTRAINT address_space_pkey PRIMARY KEY,
        fabric_id uuid NOT NULL CONSTRAINT address_space_fabric_fkey REFERENCES fabric (id),
        slug text NOT NULL,
        name text NOT NULL,
        CONSTRAINT address_space_slug_unique UNIQUE (fabric_id, slug));
      CREATE TABLE prefix (
        id uuid CONSTRAINT prefix_pkey PRIMARY KEY,
        space_id uuid NOT NULL CONSTRAINT prefix_space_fkey REFERENCES address_space (id),
        cidr cidr NOT NULL,
        role text NOT NULL CONSTRAINT prefix_role_known CHECK (role IN ('CONTAINER', 'POOL', 'SUBNET', 'LOOPBACK', 'LINK', 'RESERVED')),
        parent_id uuid CONSTRAINT prefix_parent_fkey REFERENCES prefix (id),
        -- NULL: the operator's (containers and pools).
        tenant_id uuid CONSTRAINT prefix_tenant_fkey REFERENCES tenant (id),
        state text NOT NULL DEFAULT 'ACTIVE' CONSTRAINT prefix_state_known CHECK (state IN ('ACTIVE', 'QUARANTINED')),
        key text,
        reusable_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT prefix_tenant_id UNIQUE (tenant_id, id),
        CONSTRAINT prefix_cidr_unique UNIQUE (space_id, cidr, role),
        CONSTRAINT prefix_quarantine CHECK ((state = 'QUARANTINED') = (reusable_at IS NOT NULL)),
        -- Leaves never overlap, quarantined ones included.
        CONSTRAINT prefix_leaf_disjoint EXCLUDE USING gist (space_id WITH =, cidr inet_ops WITH &&) WHERE (role IN ('SUBNET', 'LOOPBACK', 'LINK', 'RESERVED')),
        CONSTRAINT prefix_pool_disjoint EXCLUDE USING gist (space_id WITH =, cidr inet_ops WITH &&) WHERE (role = 'POOL'));
      CREATE INDEX prefix_parent ON prefix (parent_id);
      CREATE INDEX prefix_reusable ON prefix (reusable_at) WHERE state = 'QUARANTINED';
      ALTER TABLE prefix ENABLE ROW LEVEL SECURITY;
      ALTER TABLE prefix FORCE ROW LEVEL SECURITY;
      -- Containers and pools are the operator's and readable by all; a tenant writes its own rows only.
      CREATE POLICY prefix_tenant_read ON prefix FOR SELECT TO trame_tenant USING (tenant_id = current_tenant() OR tenant_id IS NULL);
      CREATE POLICY prefix_tenant_insert ON prefix FOR INSERT TO trame_tenant WITH CHECK (tenant_id = current_tenant());
      CREATE POLICY prefix_tenant_update ON prefix FOR UPDATE TO trame_tenant USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
      CREATE POLICY prefix_tenant_delete ON prefix FOR DELETE TO trame_tenant USING (tenant_id = current_tenant());
      CREATE POLICY prefix_system ON prefix TO trame_system USING (true) WITH CHECK (true);

      CREATE TABLE prefix_pool (
        id uuid CONSTRAINT prefix_pool_pkey PRIMARY KEY,
        prefix_id uuid NOT NULL CONSTRAINT prefix_pool_prefix_unique UNIQUE CONSTRAINT prefix_pool_prefix_fkey REFERENCES prefix (id),
        space_id uuid NOT NULL CONSTRAINT prefix_pool_space_fkey REFERENCES address_space (id),
        cidr cidr NOT NULL,
        slug text NOT NULL CONSTRAINT prefix_pool_slug_unique UNIQUE,
        name text NOT NULL,
        default_length int NOT NULL,
        min_length int NOT NULL,
        max_length int NOT NULL,
        quarantine_seconds int NOT NULL DEFAULT 86400,
        version int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT prefix_pool_lengths CHECK (masklen(cidr) <= min_length AND min_length <= default_length AND default_length <= max_length AND max_length <= CASE family(cidr) WHEN 4 THEN 32 ELSE 128 END));
      -- Free buddy blocks: split on the way down, merged with the buddy on the way back.
      CREATE TABLE free_prefix (
        pool_id uuid NOT NULL CONSTRAINT free_prefix_pool_fkey REFERENCES prefix_pool (id),
        length int NOT NULL,
        block cidr NOT NULL,
        CONSTRAINT free_prefix_length CHECK (masklen(block) = length),
        CONSTRAINT free_prefix_pkey PRIMARY KEY (pool_id, length, block));

      CREATE TABLE subnet (
        id uuid CONSTRAINT subnet_pkey PRIMARY KEY,
        tenant_id uuid NOT NULL CONSTRAINT subnet_tenant_fkey REFERENCES tenant (id),
        network_id uuid NOT NULL,
        prefix_id uuid NOT NULL CONSTRAINT subnet_prefix_unique UNIQUE,
        space_id uuid NOT NULL CONSTRAINT subnet_space_fkey REFERENCES address_space (id),
        cidr cidr NOT NULL,
        gateway_mode text NOT NULL CONSTRAINT subnet_gateway_mode_known CHECK (gateway_mode IN ('ANYCAST_VTEP', 'CENTRAL_VRRP', 'EXTERNAL_FIREWALL', 'NONE')),
        gateway_address inet,
        dns_zone text,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT subnet_tenant_id UNIQUE (tenant_id, id),
        CONSTRAINT subnet_network_fkey FOREIGN KEY (tenant_id, network_id) REFERENCES network (tenant_id, id),
        CONSTRAINT subnet_prefix_fkey FOREIGN KEY (tenant_id, prefix_id) REFERENCES prefix (tenant_id, id),
        CONSTRAINT subnet_gateway_inside CHECK (gateway_address IS NULL OR gateway_address << cidr),
        CONSTRAINT subnet_gateway_by_mode CHECK ((gateway_mode = 'NONE') = (gateway_address IS NULL)));
      CREATE INDEX subnet_network ON subnet (network_id);
      ${isolateByTenant('subnet')}

      CREATE TABLE free_address (
        subnet_id uuid NOT NULL CONSTRAINT free_address_subnet_fkey REFERENCES subnet (id) ON DELETE CASCADE,
        first inet NOT NULL,
        last inet NOT NULL,
        CONSTRAINT free_address_pkey PRIMARY KEY (subnet_id, first),
        CONSTRAINT free_address_ordered CHECK (first <= last));
      -- Whoever sees the subnet sees what is free in it: the sub-select is under the policy of subnet.
      ALTER TABLE free_address ENABLE ROW LEVEL SECURITY;
      ALTER TABLE free_address FORCE ROW LEVEL SECURITY;
      CREATE POLICY free_address_tenant ON free_address TO trame_tenant
        USING (EXISTS (SELECT FROM subnet WHERE subnet.id = subnet_id)) WITH CHECK (EXISTS (SELECT FROM subnet WHERE subnet.id = subnet_id));
      CREATE POLICY free_address_system ON free_address TO trame_system USING (true) WITH CHECK (true);
      CREATE TABLE ip_address (
        id uuid CONSTRAINT ip_address_pkey PRIMARY KEY,
        tenant_id uuid NOT NULL CONSTRAINT ip_address_tenant_fkey REFERENCES tenant (id),
        space_id uuid NOT NULL CONSTRAINT ip_address_space_fkey REFERENCES address_space (id),
        subnet_id uuid NOT NULL,
        address inet NOT NULL,
        mac macaddr,
        dns_name text CONSTRAINT ip_address_dns_name_form CHECK (dns_name ~ '^[a-z0-9.-]{1,253}$'),
        role text NOT NULL CONSTRAINT ip_address_role_known CHECK (role IN ('HOST', 'GATEWAY', 'VIP', 'DHCP', 'RESERVED')),
        key text NOT NULL,
        version int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT ip_address_unique UNIQUE (space_id, address),
        CONSTRAINT ip_address_key_unique UNIQUE (subnet_id, key),
        CONSTRAINT ip_address_subnet_fkey FOREIGN KEY (tenant_id, subnet_id) REFERENCES subnet (tenant_id, id));
      -- A station has one place in a subnet; gateways and VIPs share theirs on purpose.
      CREATE UNIQUE INDEX ip_address_mac_unique ON ip_address (subnet_id, mac) WHERE role = 'HOST';
      CREATE INDEX ip_address_subnet ON ip_address (subnet_id, address);
      -- A name belongs to one address of a family in the world that our zones are seen by: nobody can take a neighbour's name.
      CREATE UNIQUE INDEX ip_address_dns_name_unique ON ip_address (dns_name, family(address)) WHERE dns_name IS NOT NULL;
      ${isolateByTenant('ip_address')}

      -- The other half of a block's parent.
      CREATE FUNCTION prefix_buddy(b cidr) RETURNS cidr LANGUAGE sql IMMUTABLE AS $$
        SELECT CASE WHEN host(b) = host(network(set_masklen(b, masklen(b) - 1)))
          THEN network(broadcast(b) + 1)
          ELSE network(set_masklen(network(set_masklen(b, masklen(b) - 1))::inet, masklen(b))) END $$;

      CREATE FUNCTION prefix_put_back(p_pool uuid, p_block cidr) RETURNS void LANGUAGE plpgsql AS $$
      DECLARE
        freed cidr := p_block;
        l int := masklen(p_block);
        top int;
      BEGIN
        SELECT masklen(cidr) INTO STRICT top FROM prefix_pool WHERE id = p_pool;
        WHILE l > top LOOP
          DELETE FROM free_prefix f WHERE f.pool_id = p_pool AND f.length = l AND f.block = prefix_buddy(freed);
          EXIT WHEN NOT FOUND;
          l := l - 1;
          freed := network(set_masklen(freed::inet, l));
        END LOOP;
        INSERT INTO free_prefix (pool_id, length, block) VALUES (p_pool, l, freed);
      END $$;

      -- Smallest free block that fits, lowest address first (best fit), or exactly p_prefer. NULL: none.
      CREATE FUNCTION prefix_take(p_pool uuid, p_length int, p_prefer cidr) RETURNS cidr LANGUAGE plpgsql AS $$
      DECLARE
        found free_prefix;
        wanted cidr;
        top int;
      BEGIN
        PERFORM pg_advisory_xact_lock(hashtextextended(p_pool::text, 0));
        IF p_prefer IS NULL THEN
          SELECT f.* INTO found FROM free_prefix f WHERE f.pool_id = p_pool AND f.length <= p_length ORDER BY f.length DESC, f.block LIMIT 1;
          wanted := set_masklen(found.block::inet, p_length)::cidr;
        ELSE
          SELECT masklen(cidr) INTO STRICT top FROM prefix_pool WHERE id = p_pool;
          SELECT f.* INTO found FROM generate_series(top, masklen(p_prefer)) g
            JOIN free_prefix f ON f.pool_id = p_pool AND f.length = g AND f.block = network(set_masklen(p_prefer::inet, g)) LIMIT 1;
          wanted := p_prefer;
        END IF;
        IF found.pool_id IS NULL THEN RETURN NULL; END IF;
        DELETE FROM free_prefix f WHERE f.pool_id = p_pool AND f.length = found.length AND f.block = found.block;
        INSERT INTO free_prefix (pool_id, length, block)
          SELECT p_pool, g, prefix_buddy(network(set_masklen(wanted::inet, g))) FROM generate_series(found.length + 1, masklen(wanted)) g;
        RETURN wanted;
      END $$;

      -- Lowest free host of a subnet, or p_prefer. NULL: none (or taken).
      CREATE FUNCTION address_take(p_subnet uuid, p_prefer inet) RETURNS inet LANGUAGE plpgsql AS $$
      DECLARE
        extent free_address;
        taken inet;
      BEGIN
        PERFORM pg_advisory_xact_lock(hashtextextended(p_subnet::text, 0));
        IF p_prefer IS NULL THEN
          SELECT f.* INTO extent FROM free_address f WHERE f.subnet_id = p_subnet ORDER BY f.first LIMIT 1;
        ELSE
          SELECT f.* INTO extent FROM free_address f WHERE f.subnet_id = p_subnet AND f.first <= p_prefer ORDER BY f.first DESC LIMIT 1;
          IF extent.last < p_prefer THEN extent := NULL; END IF;
        END IF;
        IF extent.subnet_id IS NULL THEN RETURN NULL; END IF;
        taken := coalesce(p_prefer, extent.first);
        DELETE FROM free_address f WHERE f.subnet_id = p_subnet AND f.first = extent.first;
        IF extent.first < taken THEN INSERT INTO free_address (subnet_id, first, last) VALUES (p_subnet, extent.first, taken - 1); END IF;
        IF extent.last > taken THEN INSERT INTO free_address (subnet_id, first, last) VALUES (p_subnet, taken + 1, extent.last); END IF;
        RETURN taken;
      END $$;

      GRANT SELECT ON address_space, prefix_pool TO trame_tenant;
      GRANT SELECT, INSERT, UPDATE, DELETE ON prefix, free_prefix, subnet, free_address, ip_address TO trame_tenant;
      GRANT SELECT, INSERT, UPDATE, DELETE ON address_space, prefix, prefix_pool, free_prefix, subnet, free_address, ip_address TO trame_system;
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(
      'DROP FUNCTION address_take(uuid, inet); DROP FUNCTION prefix_take(uuid, int, cidr); DROP FUNCTION prefix_put_back(uuid, cidr); DROP FUNCTION prefix_buddy(cidr); DROP TABLE ip_address; DROP TABLE free_address; DROP TABLE subnet; DROP TABLE free_prefix; DROP TABLE prefix_pool; DROP TABLE prefix; DROP TABLE address_space',
    );
  }
}
