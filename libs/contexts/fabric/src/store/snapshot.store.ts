import { Injectable } from '@nestjs/common';
import {
  type AttachmentFacts,
  type BgpSessionFacts,
  type DeviceFacts,
  type FabricFacts,
  type FabricSnapshot,
  type LinkFacts,
  type NetworkFacts,
  type RdFacts,
  type VlanMappingFacts,
  type VrfFacts,
  withoutStrangers,
} from '#engines/intent';
import { type DeviceId, type FabricId, type NetworkId, notFound, type VrfId } from '#engines/kernel';
import type { Tx } from '#platform';
import { SurroundingsStore } from './surroundings.store.js';

/** The whole intent, or what one network of it could get into the way of: its devices, and of the rest what it shares something with there. */
export type SnapshotFilter = { readonly around: NetworkId } | undefined;

interface Surroundings {
  readonly networks: readonly NetworkId[];
  readonly vrfs: readonly VrfId[];
  /** With the other ends of their links. */
  readonly devices: readonly DeviceId[];
  readonly links: readonly LinkFacts[];
}

/** Reads the whole of a fabric as plain data. Call it in one REPEATABLE READ transaction: revision and rows belong together. */
@Injectable()
export class SnapshotStore {
  constructor(private readonly surroundings: SurroundingsStore) {}

  async read(tx: Tx, fabricId: FabricId, filter?: SnapshotFilter): Promise<FabricSnapshot> {
    const head = await tx.one<FabricFacts & { revision: string; facts: FabricWideFacts }>(
      `SELECT facts, id, slug, rt_administrator AS "rtAdministrator", vtep_udp_port AS "vtepUdpPort", replication, underlay_family AS "underlayFamily",
          underlay_mtu AS "underlayMtu", anycast_gateway_mac::text AS "anycastGatewayMac", revision FROM fabric WHERE id = $1`,
      [fabricId],
    );
    if (!head) throw notFound('fabric', fabricId);
    const { revision, facts, ...columns } = head;
    const { lags = [], mlags = [], ...design } = facts;
    const around =
      filter && (await this.around(tx, fabricId, filter.around, [...lags.map(({ ends }) => ends), ...mlags.map(({ members }) => members)]));
    const networks = await this.networks(tx, fabricId, around?.networks ?? null);
    const networkIds = networks.map((network) => network.id);
    const vrfs = await this.vrfs(tx, fabricId, around ? [...around.vrfs, ...networks.flatMap(({ vrfId }) => vrfId ?? [])] : null);
    const snapshot: FabricSnapshot = {
      fabric: { ...columns, ...design },
      revision: Number(revision),
      lags,
      mlags,
      networks,
      attachments: await this.attachments(tx, networkIds),
      devices: await this.devices(tx, fabricId, around?.devices ?? null),
      links: around?.links ?? (await this.links(tx, fabricId, null)),
      sessions: filter ? [] : await this.sessions(tx, fabricId),
      vrfs,
      vlanMappings: await this.vlanMappings(tx, networkIds),
      routeDistinguishers: await this.routeDistinguishers(
        tx,
        networkIds,
        vrfs.map((vrf) => vrf.id),
      ),
    };
    return filter ? withoutStrangers(snapshot) : snapshot;
  }

  /** @param groups devices that share a link or a pair: a leg that lacks a network is seen on the other one only. */
  private async around(tx: Tx, fabricId: FabricId, network: NetworkId, groups: readonly Group[]): Promise<Surroundings> {
    const touched = withPartners(await this.surroundings.devices(tx, network), groups);
    const links = await this.links(tx, fabricId, touched);
    return {
      networks: await this.surroundings.networks(tx, fabricId, network, touched),
      vrfs: await this.surroundings.vrfs(tx, fabricId, network, touched),
      devices: [...new Set([...touched, ...links.flatMap(({ ends }) => ends.map(({ deviceId }) => deviceId))])],
      links,
    };
  }

  /** @param ids null: all of the intent. */
  private networks(tx: Tx, fabricId: FabricId, ids: readonly NetworkId[] | null): Promise<NetworkFacts[]> {
    return withFacts(
      tx.sql<NetworkFacts & Documented>(
        `SELECT n.facts, n.id, n.slug, n.name, n.vrf_id AS "vrfId", n.vni, n.evi_id AS "eviId", n.mtu,
          ARRAY(SELECT t.text FROM route_target t WHERE t.network_id = n.id AND t.direction IS DISTINCT FROM 'EXPORT') AS "importTargets",
          ARRAY(SELECT t.text FROM route_target t WHERE t.network_id = n.id AND t.direction IS DISTINCT FROM 'IMPORT') AS "exportTargets",
          coalesce((SELECT json_agg(s.facts || jsonb_build_object('cidr', s.cidr, 'gatewayMode', s.gateway_mode, 'gatewayAddress', host(s.gateway_address)) ORDER BY s.cidr)
                      FROM subnet s WHERE s.network_id = n.id), '[]') AS subnets
         FROM network n WHERE n.fabric_id = $1 AND n.state IN ('PROVISIONING', 'ACTIVE', 'DEGRADED') AND n.refusal IS NULL AND ($2::uuid[] IS NULL OR n.id = ANY($2)) ORDER BY n.vni`,
        [fabricId, ids],
      ),
    );
  }

  private attachments(tx: Tx, networkIds: readonly NetworkId[]): Promise<AttachmentFacts[]> {
    return tx.sql<AttachmentFacts>(
      `SELECT a.id, a.network_id AS "networkId", a.device_id AS "deviceId", p.name AS port, a.tagging
         FROM attachment a LEFT JOIN port p ON p.id = a.port_id WHERE a.network_id = ANY($1)`,
      [networkIds],
    );
  }

  private async devices(tx: Tx, fabricId: FabricId, ids: readonly DeviceId[] | null): Promise<DeviceFacts[]> {
    // Host names are the operator's: a tenant's transaction checks its order without them.
    const hostname = tx.scope.kind === 'system' ? 'd.hostname' : 'd.slug';
    const facts = tx.scope.kind === 'system' ? 'd.facts' : 'device_abilities(d.id)';
    return withFacts(
      tx.sql<DeviceFacts & Documented>(
        `SELECT ${facts} AS facts, d.id, d.slug, ${hostname} AS hostname, d.platform,
          CASE WHEN v.id IS NULL THEN NULL ELSE json_build_object('address', host(v.address), 'routerId', host(v.router_id), 'asn', v.asn) END AS vtep,
          coalesce((SELECT json_agg(p.facts || jsonb_build_object('name', p.name, 'description', p.description, 'mtu', p.mtu)) FROM port p WHERE p.device_id = d.id), '[]') AS ports
         FROM device d LEFT JOIN vtep v ON v.device_id = d.id WHERE d.fabric_id = $1 AND ($2::uuid[] IS NULL OR d.id = ANY($2))`,
        [fabricId, ids],
      ),
    );
  }

  private async links(tx: Tx, fabricId: FabricId, ids: readonly DeviceId[] | null): Promise<LinkFacts[]> {
    if (tx.scope.kind === 'tenant') return [];
    return tx.sql<LinkFacts>(
      `SELECT l.prefix::text AS prefix, json_build_array(
            json_build_object('deviceId', pa.device_id, 'port', pa.name, 'address', host(a.address)),
            json_build_object('deviceId', pb.device_id, 'port', pb.name, 'address', host(b.address))) AS ends
         FROM link l JOIN link_end a ON a.link_id = l.id AND a.side = 'A' JOIN port pa ON pa.id = a.port_id
                     JOIN link_end b ON b.link_id = l.id AND b.side = 'B' JOIN port pb ON pb.id = b.port_id
        WHERE l.fabric_id = $1 AND ($2::uuid[] IS NULL OR pa.device_id = ANY($2) OR pb.device_id = ANY($2))`,
      [fabricId, ids],
    );
  }

  private sessions(tx: Tx, fabricId: FabricId): Promise<BgpSessionFacts[]> {
    return withFacts(
      tx.sql<BgpSessionFacts & Documented>(
        `SELECT s.facts - 'a' - 'b' AS facts, jsonb_build_array(
            coalesce(s.facts->'a', '{}') || jsonb_build_object('deviceId', s.a_device_id, 'address', host(s.a_address), 'role', s.a_role),
            coalesce(s.facts->'b', '{}') || jsonb_build_object('deviceId', s.b_device_id, 'address', host(s.b_address), 'role', s.b_role)) AS ends,
          s.families, s.keepalive_seconds AS "keepaliveSeconds", s.hold_seconds AS "holdSeconds"
         FROM bgp_session s WHERE s.fabric_id = $1`,
        [fabricId],
      ),
    );
  }

  private vrfs(tx: Tx, fabricId: FabricId, ids: readonly string[] | null): Promise<VrfFacts[]> {
    return withFacts(
      tx.sql<VrfFacts & Documented>(
        `SELECT v.facts, v.id, v.device_name AS "deviceName", v.l3vni, v.evi_id AS "eviId",
          ARRAY(SELECT t.text FROM route_target t WHERE t.vrf_id = v.id AND t.direction IS DISTINCT FROM 'EXPORT') AS "importTargets",
          ARRAY(SELECT t.text FROM route_target t WHERE t.vrf_id = v.id AND t.direction IS DISTINCT FROM 'IMPORT') AS "exportTargets"
         FROM vrf v WHERE v.fabric_id = $1 AND ($2::uuid[] IS NULL OR v.id = ANY($2))`,
        [fabricId, ids],
      ),
    );
  }

  private vlanMappings(tx: Tx, networkIds: readonly NetworkId[]): Promise<VlanMappingFacts[]> {
    return tx.sql<VlanMappingFacts>(
      `SELECT m.device_id AS "deviceId", x.network_id AS "networkId", x.vlan
         FROM vlan_mapping x JOIN vlan_domain_member m ON m.vlan_domain_id = x.vlan_domain_id WHERE x.network_id = ANY($1)`,
      [networkIds],
    );
  }

  /** Only of what is in the snapshot: a network on its way out keeps its RDs until the devices are proven clean. */
  private routeDistinguishers(tx: Tx, networkIds: readonly NetworkId[], vrfIds: readonly VrfId[]): Promise<RdFacts[]> {
    return tx.sql<RdFacts>(
      `SELECT v.device_id AS "deviceId", r.evi_id AS "eviId", r.text AS rd FROM route_distinguisher r JOIN vtep v ON v.id = r.vtep_id
        WHERE r.network_id = ANY($1) OR r.vrf_id = ANY($2)`,
      [networkIds, vrfIds],
    );
  }
}

type Group = readonly { readonly deviceId: DeviceId }[];

function withPartners(devices: readonly DeviceId[], groups: readonly Group[]): DeviceId[] {
  const here = new Set(devices);
  const partners = groups.filter((ends) => ends.some(({ deviceId }) => here.has(deviceId))).flat();
  return [...new Set([...here, ...partners.map(({ deviceId }) => deviceId)])];
}

/** A row whose `facts` are the subjects that it has beyond its columns. */
interface Documented {
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** What is said of the fabric as a whole, and of several of its devices together. */
type FabricWideFacts = Pick<FabricFacts, 'underlay' | 'multicastScheme'> & Pick<FabricSnapshot, 'lags' | 'mlags'>;

/** Columns win: they are what constraints watch over. */
async function withFacts<T extends Documented>(rows: Promise<T[]>): Promise<Omit<T, 'facts'>[]> {
  return (await rows).map(({ facts, ...columns }) => ({ ...facts, ...columns }));
}
