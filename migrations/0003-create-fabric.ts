import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Inventory belongs to the operator. Tenants may name a device or a port in an order; they never read how it is reached. */
export class CreateFabric1767225600003 implements MigrationInterface {
  name = 'CreateFabric1767225600003';

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      CREATE TABLE fabric (
        id uuid CONSTRAINT fabric_pkey PRIMARY KEY,
        slug text NOT NULL CONSTRAINT fabric_slug_unique UNIQUE,
        name text NOT NULL,
        asn_scheme text NOT NULL CONSTRAINT fabric_asn_scheme_known CHECK (asn_scheme IN ('IBGP', 'EBGP_PER_DEVICE')),
        -- The 2-byte number in front of every route target (RFC 4360 §3.1): a 4-byte ASN would leave 16 bits, too few for a VNI.
        rt_administrator int NOT NULL CONSTRAINT fabric_rt_administrator_range CHECK (rt_administrator BETWEEN 1 AND 65535),
        vtep_pool cidr NOT NULL,
        vtep_udp_port int NOT NULL DEFAULT 4789 CONSTRAINT fabric_udp_port_range CHECK (vtep_udp_port BETWEEN 1 AND 65535),
        replication text NOT NULL DEFAULT 'INGRESS_EVPN' CONSTRAINT fabric_replication_known CHECK (replication IN ('INGRESS_EVPN', 'INGRESS_STATIC', 'MULTICAST')),
        underlay_family int NOT NULL DEFAULT 4 CONSTRAINT fabric_underlay_family_known CHECK (underlay_family IN (4, 6)),
        underlay_mtu int NOT NULL DEFAULT 1500 CONSTRAINT fabric_underlay_mtu_range CHECK (underlay_mtu BETWEEN 1280 AND 9216),
        anycast_gateway_mac macaddr NOT NULL,
        -- Orders intents: every change of what devices should do raises it.
        revision bigint NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL DEFAULT now());
      CREATE TABLE site (
        id uuid CONSTRAINT site_pkey PRIMARY KEY,
        fabric_id uuid NOT NULL CONSTRAINT site_fabric_fkey REFERENCES fabric (id),
        slug text NOT NULL,
        name text NOT NULL,
        CONSTRAINT site_slug_unique UNIQUE (fabric_id, slug));
      CREATE TABLE device (
        id uuid CONSTRAINT device_pkey PRIMARY KEY,
        fabric_id uuid NOT NULL CONSTRAINT device_fabric_fkey REFERENCES fabric (id),
        site_id uuid NOT NULL CONSTRAINT device_site_fkey REFERENCES site (id),
        slug text NOT NULL,
        hostname text NOT NULL,
        platform text NOT NULL CONSTRAINT device_platform_known CHECK (platform IN ('DEBIAN_FRR', 'ARISTA_EOS')),
        transport text NOT NULL CONSTRAINT device_transport_known CHECK (transport IN ('SSH', 'EAPI')),
        management_address text NOT NULL,
        management_port int NOT NULL CONSTRAINT device_management_port_range CHECK (management_port BETWEEN 1 AND 65535),
        username text NOT NULL,
        -- Trust is pinned by a person, never learnt: with neither of these nothing is pushed.
        ssh_host_keys text[] NOT NULL DEFAULT '{}',
        tls_spki_sha256 text[] NOT NULL DEFAULT '{}',
        managed text NOT NULL DEFAULT 'SECTION' CONSTRAINT device_managed_known CHECK (managed IN ('OBSERVE', 'SECTION', 'FULL')),
        version int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT device_slug_unique UNIQUE (fabric_id, slug),
        CONSTRAINT device_in_fabric UNIQUE (fabric_id, id));
      CREATE TABLE device_credential (
        device_id uuid CONSTRAINT device_credential_pkey PRIMARY KEY CONSTRAINT device_credential_device_fkey REFERENCES device (id) ON DELETE CASCADE,
        sealed bytea NOT NULL,
        set_at timestamptz NOT NULL DEFAULT now());
      CREATE TABLE vtep (
        id uuid CONSTRAINT vtep_pkey PRIMARY KEY,
        fabric_id uuid NOT NULL,
        device_id uuid NOT NULL CONSTRAINT vtep_device_unique UNIQUE,
        address inet NOT NULL CONSTRAINT vtep_address_is_host CHECK (masklen(address) = CASE family(address) WHEN 4 THEN 32 ELSE 128 END),
        -- The router id goes into every RD of the device: unique in the world that the fabric can see.
        router_id inet NOT NULL CONSTRAINT vtep_router_id_is_ipv4 CHECK (family(router_id) = 4 AND masklen(router_id) = 32),
        asn bigint NOT NULL CONSTRAINT vtep_asn_range CHECK (asn BETWEEN 1 AND 4294967294),
        CONSTRAINT vtep_device_fkey FOREIGN KEY (fabric_id, device_id) REFERENCES device (fabric_id, id) ON DELETE CASCADE,
        CONSTRAINT vtep_address_unique UNIQUE (fabric_id, address),
        CONSTRAINT vtep_router_id_unique UNIQUE (router_id));
      CREATE TABLE lag (
        id uuid CONSTRAINT lag_pkey PRIMARY KEY,
        device_id uuid NOT NULL CONSTRAINT lag_device_fkey REFERENCES device (id) ON DELETE CASCADE,
        name text NOT NULL,
        mode text NOT NULL CONSTRAINT lag_mode_known CHECK (mode IN ('LACP_ACTIVE', 'LACP_PASSIVE', 'STATIC')),
        CONSTRAINT lag_name_unique UNIQUE (device_id, name),
        CONSTRAINT lag_of_device UNIQUE (device_id, id));
      CREATE TABLE port (
        id uuid CONSTRAINT port_pkey PRIMARY KEY,
        device_id uuid NOT NULL CONSTRAINT port_device_fkey REFERENCES device (id) ON DELETE CASCADE,
        name text NOT NULL,
        description text,
        mtu int CONSTRAINT port_mtu_range CHECK (mtu BETWEEN 576 AND 9216),
        lag_id uuid,
        -- What customers may be connected to; underlay and management ports are not.
        is_edge boolean NOT NULL DEFAULT false,
        CONSTRAINT port_name_unique UNIQUE (device_id, name),
        CONSTRAINT port_of_device UNIQUE (device_id, id),
        CONSTRAINT port_lag_fkey FOREIGN KEY (device_id, lag_id) REFERENCES lag (device_id, id));
      CREATE TABLE link (
        id uuid CONSTRAINT link_pkey PRIMARY KEY,
        fabric_id uuid NOT NULL CONSTRAINT link_fabric_fkey REFERENCES fabric (id),
        prefix cidr NOT NULL,
        CONSTRAINT link_prefix_disjoint EXCLUDE USING gist (fabric_id WITH =, prefix inet_ops WITH &&));
      CREATE TABLE link_end (
        link_id uuid NOT NULL CONSTRAINT link_end_link_fkey REFERENCES link (id) ON DELETE CASCADE,
        side text NOT NULL CONSTRAINT link_end_side_known CHECK (side IN ('A', 'B')),
        port_id uuid NOT NULL CONSTRAINT link_end_port_fkey REFERENCES port (id),
        address inet NOT NULL,
        CONSTRAINT link_end_pkey PRIMARY KEY (link_id, side),
        CONSTRAINT link_end_port_unique UNIQUE (port_id),
        CONSTRAINT link_end_address_unique UNIQUE (link_id, address));
      CREATE TABLE bgp_session (
        id uuid CONSTRAINT bgp_session_pkey PRIMARY KEY,
        fabric_id uuid NOT NULL,
        a_device_id uuid NOT NULL,
        b_device_id uuid NOT NULL,
        a_address inet NOT NULL,
        b_address inet NOT NULL,
        a_role text NOT NULL CONSTRAINT bgp_session_a_role_known CHECK (a_role IN ('PEER', 'ROUTE_REFLECTOR', 'ROUTE_REFLECTOR_CLIENT')),
        b_role text NOT NULL CONSTRAINT bgp_session_b_role_known CHECK (b_role IN ('PEER', 'ROUTE_REFLECTOR', 'ROUTE_REFLECTOR_CLIENT')),
        families text[] NOT NULL,
        keepalive_seconds int NOT NULL,
        hold_seconds int NOT NULL,
        CONSTRAINT bgp_session_two_devices CHECK (a_device_id <> b_device_id),
        CONSTRAINT bgp_session_one_family CHECK (family(a_address) = family(b_address) AND a_address <> b_address),
        CONSTRAINT bgp_session_timers CHECK (keepalive_seconds BETWEEN 1 AND 21845 AND hold_seconds BETWEEN 3 * keepalive_seconds AND 65535),
        CONSTRAINT bgp_session_reflects_to_client CHECK ((a_role = 'ROUTE_REFLECTOR') = (b_role = 'ROUTE_REFLECTOR_CLIENT') AND (b_role = 'ROUTE_REFLECTOR') = (a_role = 'ROUTE_REFLECTOR_CLIENT')),
        CONSTRAINT bgp_session_a_fkey FOREIGN KEY (fabric_id, a_device_id) REFERENCES device (fabric_id, id),
        CONSTRAINT bgp_session_b_fkey FOREIGN KEY (fabric_id, b_device_id) REFERENCES device (fabric_id, id));
      -- One session between two addresses, whichever end is called A.
      CREATE UNIQUE INDEX bgp_session_ends_unique ON bgp_session (fabric_id, least(a_address, b_address), greatest(a_address, b_address));
      CREATE TABLE vlan_domain (
        id uuid CONSTRAINT vlan_domain_pkey PRIMARY KEY,
        fabric_id uuid NOT NULL CONSTRAINT vlan_domain_fabric_fkey REFERENCES fabric (id),
        slug text NOT NULL,
        kind text NOT NULL CONSTRAINT vlan_domain_kind_known CHECK (kind IN ('SITE', 'VTEP', 'MLAG_PAIR', 'OVS_BRIDGE', 'LIBVIRT_NETWORK')),
        CONSTRAINT vlan_domain_slug_unique UNIQUE (fabric_id, slug),
        CONSTRAINT vlan_domain_in_fabric UNIQUE (fabric_id, id));
      CREATE TABLE vlan_domain_member (
        device_id uuid CONSTRAINT vlan_domain_member_pkey PRIMARY KEY,
        fabric_id uuid NOT NULL,
        vlan_domain_id uuid NOT NULL,
        CONSTRAINT vlan_domain_member_domain_fkey FOREIGN KEY (fabric_id, vlan_domain_id) REFERENCES vlan_domain (fabric_id, id),
        CONSTRAINT vlan_domain_member_device_fkey FOREIGN KEY (fabric_id, device_id) REFERENCES device (fabric_id, id));

      GRANT SELECT, INSERT, UPDATE, DELETE ON fabric, site, device, device_credential, vtep, lag, port, link, link_end, bgp_session, vlan_domain, vlan_domain_member TO trame_system;
      GRANT SELECT ON fabric, site, vtep, port, vlan_domain, vlan_domain_member TO trame_tenant;
      GRANT UPDATE (revision) ON fabric TO trame_tenant;
      GRANT SELECT (id, fabric_id, site_id, slug, platform, managed, version, created_at, updated_at) ON device TO trame_tenant;
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(
      'DROP TABLE vlan_domain_member; DROP TABLE vlan_domain; DROP TABLE bgp_session; DROP TABLE link_end; DROP TABLE link; DROP TABLE port; DROP TABLE lag; DROP TABLE vtep; DROP TABLE device_credential; DROP TABLE device; DROP TABLE site; DROP TABLE fabric',
    );
  }
}
