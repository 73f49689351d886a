/**
 * Builds snapshots for tests: say what the test is about, the rest is derived as allocation would (RT = administrator:VNI,
 * RD = VTEP loopback:EVI id, one per VTEP and EVI). Ids are readable: `device-pve1`, `network-blue`.
 */
import {
  Asn,
  type AttachmentId,
  Cidr,
  type DeviceId,
  EviId,
  type FabricId,
  Ip,
  Label,
  Mac,
  type NetworkId,
  PortName,
  RouteDistinguisher,
  RouteTarget,
  Slug,
  VlanId,
  Vni,
  type VrfId,
} from '#engines/kernel';
import { FabricIndex } from '../fabric-index.js';
import type {
  AttachmentFacts,
  BgpRole,
  BgpSessionFacts,
  DeviceFacts,
  ExitNodeFacts,
  FabricFacts,
  FabricSnapshot,
  GatewayMode,
  LagFacts,
  LinkFacts,
  MlagFacts,
  NetworkFacts,
  Platform,
  PortFacts,
  RdFacts,
  Tagging,
  VlanMappingFacts,
  VrfFacts,
} from '../snapshot.js';

export interface PlaceSpec {
  readonly device: string;
  readonly port?: string;
  readonly tagging?: Tagging;
  readonly vlan?: number;
}
export interface NetworkSpec {
  readonly slug: string;
  readonly vni: number;
  readonly eviId: number;
  readonly name?: string;
  readonly vrf?: string;
  readonly mtu?: number;
  /** Where it comes out: a device slug alone is a bridge only. */
  readonly on?: readonly (string | PlaceSpec)[];
  readonly subnets?: readonly { readonly cidr: string; readonly gateway?: string; readonly mode?: GatewayMode }[];
  readonly importTargets?: readonly string[];
  readonly exportTargets?: readonly string[];
}
export interface VrfSpec {
  readonly name: string;
  readonly l3vni: number;
  readonly eviId: number;
  readonly importTargets?: readonly string[];
  readonly exportTargets?: readonly string[];
  /** Names of VRFs. */
  readonly importsFrom?: readonly string[];
  readonly exits?: readonly ExitSpec[];
  readonly routes?: readonly { readonly prefix: string; readonly nextHop: string; readonly on: readonly string[] }[];
  readonly loopbacks?: readonly { readonly device: string; readonly number: number; readonly address: string }[];
}
export interface ExitSpec {
  readonly device: string;
  /** `port address`, one per family. */
  readonly via: readonly string[];
  readonly isPrimary?: boolean;
  readonly hasLocalRouting?: boolean;
  readonly snat?: 'NONE' | 'MASQUERADE';
}
export interface DeviceSpec {
  readonly slug: string;
  readonly platform: Platform;
  readonly vtep: string | null;
  readonly hostname?: string;
  readonly asn?: number;
  readonly software?: DeviceFacts['software'];
  readonly ports: readonly (string | { readonly name: string; readonly mtu?: number; readonly description?: string })[];
}
export interface EndSpec {
  readonly device: string;
  readonly port: string;
  readonly address: string;
  readonly role?: BgpRole;
}
/** An end of an unnumbered session: the address is the router id of the device. */
export interface PortSpec {
  readonly device: string;
  readonly port: string;
  readonly role?: BgpRole;
}
export interface SessionSpec extends Partial<Omit<BgpSessionFacts, 'ends' | 'keepaliveSeconds' | 'holdSeconds'>> {
  readonly keepalive?: number;
  readonly hold?: number;
}

const deviceId = (slug: string): DeviceId => `device-${slug}` as DeviceId;

/** Every method changes the builder and returns it; `build()` may be called more than once. */
export class SnapshotBuilder {
  private readonly devices: DeviceFacts[] = [];
  private readonly links: LinkFacts[] = [];
  private readonly sessions: BgpSessionFacts[] = [];
  private readonly vrfs: VrfFacts[] = [];
  private readonly networks: NetworkFacts[] = [];
  private readonly attachments: AttachmentFacts[] = [];
  private readonly vlanMappings: VlanMappingFacts[] = [];
  private readonly lags: LagFacts[] = [];
  private readonly mlags: MlagFacts[] = [];
  private revisionNumber = 1;
  private fabricFacts: FabricFacts = {
    id: 'fabric-demo' as FabricId,
    slug: Slug.parse('demo'),
    rtAdministrator: 65_051,
    vtepUdpPort: 4789,
    replication: 'INGRESS_EVPN',
    underlayFamily: 4,
    underlayMtu: 1500,
    anycastGatewayMac: Mac.parse('00:1c:73:00:00:01'),
  };

  fabric(facts: Partial<FabricFacts>): this {
    this.fabricFacts = { ...this.fabricFacts, ...facts };
    return this;
  }

  revision(revision: number): this {
    this.revisionNumber = revision;
    return this;
  }

  device(spec: DeviceSpec): this {
    const address = spec.vtep === null ? null : Ip.parse(spec.vtep);
    const routerId = address && (Ip.family(address) === 4 ? address : Ip.fromBigInt(4, Ip.toBigInt(address) & 0xffff_ffffn));
    this.devices.push({
      id: deviceId(spec.slug),
      slug: Slug.parse(spec.slug),
      hostname: spec.hostname ?? spec.slug,
      platform: spec.platform,
      vtep: address && routerId && { address, routerId, asn: Asn.parse(spec.asn ?? 65_051) },
      ports: spec.ports.map((port): PortFacts => {
        const { name, mtu, description } = typeof port === 'string' ? { name: port } : port;
        return { name: PortName.parse(name), description: description === undefined ? null : Label.parse(description), mtu: mtu ?? null };
      }),
      ...(spec.software && { software: spec.software }),
    });
    return this;
  }

  link(prefix: string, a: EndSpec, b: EndSpec): this {
    const end = ({ device, port, address }: EndSpec) => ({
      deviceId: deviceId(device),
      port: PortName.parse(port),
      address: Ip.parse(address),
    });
    this.links.push({ prefix: Cidr.parse(prefix), ends: [end(a), end(b)] });
    return this;
  }

  /** More about a device that is there already: `deviceFacts('pve1', { host: … })`. */
  deviceFacts(slug: string, facts: Partial<Omit<DeviceFacts, 'id' | 'slug'>>): this {
    patch(this.devices, deviceId(slug), facts);
    return this;
  }

  /** More about a network that is there already: `networkFacts('blue', { replication: 'MULTICAST' })`. */
  networkFacts(slug: string, facts: Partial<Omit<NetworkFacts, 'id' | 'slug'>>): this {
    patch(this.networks, `network-${slug}`, facts);
    return this;
  }

  /** One record for all ends; the members are ports that the devices have. */
  lag(facts: LagFacts): this {
    this.lags.push(facts);
    return this;
  }

  mlag(facts: MlagFacts): this {
    this.mlags.push(facts);
    return this;
  }

  /** A cable without addresses. */
  unnumberedLink(a: PortSpec, b: PortSpec): this {
    const end = ({ device, port }: PortSpec) => ({ deviceId: deviceId(device), port: PortName.parse(port), address: null });
    this.links.push({ prefix: null, ends: [end(a), end(b)] });
    return this;
  }

  /** A cable without addresses and the session over it, in which the ports name the peers. */
  unnumberedPeering(a: PortSpec, b: PortSpec, spec: SessionSpec = {}): this {
    const end = ({ device, port, role }: PortSpec) => {
      const address = this.devices.find(({ id }) => id === deviceId(device))?.vtep?.routerId;
      return { deviceId: deviceId(device), address: Ip.parse(address), port: PortName.parse(port), role: role ?? ('PEER' as const) };
    };
    this.sessions.push(session(end(a), end(b), spec));
    return this.unnumberedLink(a, b);
  }

  /** A BGP session between the two addresses; `families` are those of the demo when absent. */
  session(a: EndSpec, b: EndSpec, spec: SessionSpec = {}): this {
    const end = ({ device, address, role }: EndSpec) => ({
      deviceId: deviceId(device),
      address: Ip.parse(address),
      role: role ?? ('PEER' as const),
    });
    this.sessions.push(session(end(a), end(b), spec));
    return this;
  }

  /** A routed link and the session over it. */
  peering(prefix: string, a: EndSpec, b: EndSpec, spec: SessionSpec = {}): this {
    return this.link(prefix, a, b).session(a, b, spec);
  }

  vrf(spec: VrfSpec): this {
    const own = [`${this.fabricFacts.rtAdministrator}:${spec.l3vni}`];
    this.vrfs.push({
      id: `vrf-${spec.name}` as VrfId,
      deviceName: spec.name,
      l3vni: Vni.parse(spec.l3vni),
      eviId: EviId.parse(spec.eviId),
      importTargets: (spec.importTargets ?? own).map(RouteTarget.parse),
      exportTargets: (spec.exportTargets ?? own).map(RouteTarget.parse),
      ...(spec.importsFrom && { importsFrom: spec.importsFrom.map((name) => `vrf-${name}` as VrfId) }),
      ...(spec.exits && { exitNodes: spec.exits.map(exitNode) }),
      ...(spec.routes && {
        staticRoutes: spec.routes.map(({ prefix, nextHop, on }) => ({
          prefix: Cidr.parse(prefix),
          nextHop: Ip.parse(nextHop),
          deviceIds: on.map(deviceId),
        })),
      }),
      ...(spec.loopbacks && {
        loopbacks: spec.loopbacks.map(({ device, number, address }) => ({
          deviceId: deviceId(device),
          number,
          address: Ip.parse(address),
        })),
      }),
    });
    return this;
  }

  network(spec: NetworkSpec): this {
    const own = [`${this.fabricFacts.rtAdministrator}:${spec.vni}`];
    const id = `network-${spec.slug}` as NetworkId;
    this.networks.push({
      id,
      slug: Slug.parse(spec.slug),
      name: Label.parse(spec.name ?? spec.slug),
      vrfId: spec.vrf === undefined ? null : (`vrf-${spec.vrf}` as VrfId),
      vni: Vni.parse(spec.vni),
      eviId: EviId.parse(spec.eviId),
      mtu: spec.mtu ?? 1450,
      importTargets: (spec.importTargets ?? own).map(RouteTarget.parse),
      exportTargets: (spec.exportTargets ?? own).map(RouteTarget.parse),
      subnets: (spec.subnets ?? []).map(({ cidr, gateway, mode }) => ({
        cidr: Cidr.parse(cidr),
        gatewayMode: mode ?? 'NONE',
        gatewayAddress: gateway === undefined ? null : Ip.parse(gateway),
      })),
    });
    for (const place of spec.on ?? []) this.attach(spec.slug, typeof place === 'string' ? { device: place } : place);
    return this;
  }

  attach(network: string, { device, port, tagging, vlan }: PlaceSpec): this {
    const networkId = `network-${network}` as NetworkId;
    this.attachments.push({
      id: `attachment-${network}-${device}${port === undefined ? '' : `-${port}`}` as AttachmentId,
      networkId,
      deviceId: deviceId(device),
      port: port === undefined ? null : PortName.parse(port),
      tagging: tagging ?? (port === undefined ? 'BRIDGE_ONLY' : 'UNTAGGED'),
    });
    if (vlan !== undefined) this.vlanMappings.push({ deviceId: deviceId(device), networkId, vlan: VlanId.parse(vlan) });
    return this;
  }

  build(): FabricSnapshot {
    const snapshot: FabricSnapshot = {
      fabric: this.fabricFacts,
      revision: this.revisionNumber,
      devices: [...this.devices],
      links: [...this.links],
      sessions: [...this.sessions],
      vrfs: [...this.vrfs],
      networks: [...this.networks],
      attachments: [...this.attachments],
      vlanMappings: [...this.vlanMappings],
      routeDistinguishers: [],
      ...(this.lags.length > 0 && { lags: [...this.lags] }),
      ...(this.mlags.length > 0 && { mlags: [...this.mlags] }),
    };
    return { ...snapshot, routeDistinguishers: routeDistinguishers(snapshot) };
  }
}

function patch<T extends { readonly id: string }>(list: T[], id: string, facts: object): void {
  const at = list.findIndex((entry) => entry.id === id);
  const found = list[at];
  if (!found) throw new Error(`there is no ${id} to say more about`);
  list[at] = { ...found, ...facts };
}

function session(
  a: BgpSessionFacts['ends'][0],
  b: BgpSessionFacts['ends'][0],
  { keepalive, hold, families, ...options }: SessionSpec,
): BgpSessionFacts {
  return {
    ...options,
    ends: [a, b],
    families: families ?? ['IPV4_UNICAST', 'L2VPN_EVPN'],
    keepaliveSeconds: keepalive ?? 20,
    holdSeconds: hold ?? 60,
  };
}

function exitNode({ device, via, isPrimary = false, hasLocalRouting = false, snat = 'NONE' }: ExitSpec): ExitNodeFacts {
  const gateways = via.map((way) => {
    const [port, address] = way.split(' ');
    return { port: PortName.parse(port), address: Ip.parse(address) };
  });
  return { deviceId: deviceId(device), isPrimary, hasLocalRouting, snat, gateways };
}

/** One per (VTEP, EVI) in use, as RFC 7432 §7.9 recommends: `<loopback>:<EVI id>`. */
function routeDistinguishers(snapshot: FabricSnapshot): readonly RdFacts[] {
  const { membersOfNetwork, membersOfVrf, device } = new FabricIndex(snapshot);
  const used = [
    ...snapshot.networks.flatMap(({ id, eviId }) => [...(membersOfNetwork.get(id) ?? [])].map((member) => ({ member, eviId }))),
    ...snapshot.vrfs.flatMap(({ id, eviId }) => [...(membersOfVrf.get(id) ?? [])].map((member) => ({ member, eviId }))),
  ];
  return used.flatMap(({ member, eviId }) => {
    const routerId = device.get(member)?.vtep?.routerId;
    return routerId === undefined ? [] : [{ deviceId: member, eviId, rd: RouteDistinguisher.of(routerId, eviId) }];
  });
}
