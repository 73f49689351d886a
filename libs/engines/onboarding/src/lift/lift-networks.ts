/** One network per VNI, whatever its members call it; targets that are said somewhere are its targets. */
import type { AttachmentFacts, HostAddress, NetworkFacts, RdFacts, SubnetFacts, VlanMappingFacts } from '#engines/intent';
import {
  type AttachmentId,
  Cidr,
  compareNatural,
  type DeviceId,
  EviId,
  Ip,
  Label,
  type NetworkId,
  PortName,
  RouteDistinguisher,
  RouteTarget,
  Slug,
  Vni,
  type VrfId,
} from '#engines/kernel';
import type { LiftNote } from './lift-note.js';
import type { SeenDevice, SeenGateway, SeenNetwork } from './seen-device.js';

export interface Member {
  readonly id: DeviceId;
  readonly device: SeenDevice;
}

export interface LiftedNetworks {
  readonly networks: readonly NetworkFacts[];
  readonly attachments: readonly AttachmentFacts[];
  readonly vlanMappings: readonly VlanMappingFacts[];
  readonly routeDistinguishers: readonly RdFacts[];
  readonly notes: readonly LiftNote[];
}

/** VRFs of the fabric by the name that devices have for them. */
export type VrfNames = ReadonlyMap<string, VrfId>;

interface Place extends Member {
  readonly seen: SeenNetwork;
}

/** @param rtAdministrator in front of the targets of a network for which nobody said any */
export function liftNetworks(
  members: readonly Member[],
  rtAdministrator: number,
  largestMtu: number,
  vrfs: VrfNames,
  used: Set<number>,
): LiftedNetworks {
  const places = members.flatMap((member) =>
    member.device.vtep === null || member.device.asn === null ? [] : member.device.networks.map((seen) => ({ ...member, seen })),
  );
  const byVni = new Map<number, Place[]>();
  for (const place of places) if (place.seen.vni <= Vni.max) byVni.set(place.seen.vni, [...(byVni.get(place.seen.vni) ?? []), place]);
  const shared = sharedTargets(byVni);
  const lifted = [...byVni]
    .sort(([a], [b]) => a - b)
    .map(([vni, of]) => {
      const eviId = eviOf(vni, of, used);
      const own = (targets: (seen: SeenNetwork) => readonly RouteTarget[]): readonly RouteTarget[] => {
        const said = [...new Set(of.flatMap(({ seen }) => targets(seen)))].filter((target) => !shared.has(target)).sort(compareNatural);
        return said.length > 0 ? said : [RouteTarget.of(rtAdministrator, vni)];
      };
      const gateway = gatewayOf(of, vrfs);
      const network: NetworkFacts = {
        id: `network-${vni}` as NetworkId,
        slug: Slug.parse(`vni${vni}`),
        name: nameOf(vni, of),
        vrfId: gateway === null ? null : (vrfs.get(gateway.vrf) ?? null),
        vni: Vni.parse(vni),
        eviId,
        mtu: Math.min(largestMtu, ...of.flatMap(({ seen }) => seen.mtu ?? [])),
        importTargets: own(({ importTargets }) => importTargets),
        exportTargets: own(({ exportTargets }) => exportTargets),
        subnets: (gateway?.addresses ?? []).map(subnetOf),
      };
      return { network, places: of };
    });
  return {
    networks: lifted.map(({ network }) => network),
    attachments: lifted.flatMap(({ network, places: of }) => of.flatMap((place) => attachmentsOf(network, place))),
    vlanMappings: lifted.flatMap(({ network, places: of }) => of.flatMap((place) => mappingsOf(network, place))),
    routeDistinguishers: lifted.flatMap(({ network, places: of }) => of.map((place) => rdOf(network, place))),
    notes: [...shared].map(([target, vnis]) => ({
      code: 'TARGET_OF_SEVERAL_NETWORKS',
      devices: [...new Set(vnis.flatMap((vni) => (byVni.get(vni) ?? []).map(({ device }) => device.name)))].sort(compareNatural),
      subject: `route-target ${target}`,
      sentence: `the networks ${vnis.slice(0, 5).join(', ')}${vnis.length > 5 ? ' and others' : ''} share the route target ${target}: each imports the routes of the others`,
      fix: 'give each network a target of its own',
    })),
  };
}

/** The gateway of a network is on all of its VTEPs, or it is left to those that have it. */
function gatewayOf(places: readonly Place[], vrfs: VrfNames): SeenGateway | null {
  const [first, ...others] = places.map(({ seen }) => seen.gateway);
  if (first == null || !vrfs.has(first.vrf)) return null;
  const said = ({ vrf, addresses }: SeenGateway): string =>
    [vrf, ...addresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`).sort()].join();
  return others.every((other) => other !== null && said(other) === said(first)) ? first : null;
}

function subnetOf({ address, prefixLength }: HostAddress): SubnetFacts {
  const family = Ip.family(address);
  const shift = BigInt((family === 4 ? 32 : 128) - prefixLength);
  const network = Ip.fromBigInt(family, (Ip.toBigInt(address) >> shift) << shift);
  return { cidr: Cidr.parse(`${network}/${prefixLength}`), gatewayMode: 'ANYCAST_VTEP', gatewayAddress: address };
}

/** A target that several networks have joins them: it stays where it was found, and is no target of any network. */
function sharedTargets(byVni: ReadonlyMap<number, readonly Place[]>): ReadonlyMap<RouteTarget, readonly number[]> {
  const users = new Map<RouteTarget, Set<number>>();
  for (const [vni, places] of byVni) {
    for (const target of places.flatMap(({ seen }) => [...seen.importTargets, ...seen.exportTargets])) {
      users.set(target, (users.get(target) ?? new Set()).add(vni));
    }
  }
  return new Map([...users].filter(([, vnis]) => vnis.size > 1).map(([target, vnis]) => [target, [...vnis].sort((a, b) => a - b)]));
}

/** The number that all members put behind their router id; else the VNI where it fits, else the next one. */
export function eviOf(
  vni: number,
  places: readonly (Member & { readonly seen: { readonly rd: RouteDistinguisher | null } })[],
  used: Set<number>,
): EviId {
  const said = new Set(places.flatMap(({ device, seen }) => ownNumber(device, seen.rd) ?? []));
  const [agreed] = said.size === 1 ? said : [];
  let candidate = agreed !== undefined && !used.has(agreed) ? agreed : vni;
  for (; candidate > EviId.max || used.has(candidate); candidate = candidate >= EviId.max ? 1 : candidate + 1);
  used.add(candidate);
  return EviId.parse(candidate);
}

/** `n` of `<router id>:<n>`, as RFC 7432 §7.9 recommends; undefined for every other form. */
function ownNumber(device: SeenDevice, rd: RouteDistinguisher | null): number | undefined {
  const [admin, number] = (rd ?? '').split(':');
  return admin !== '' && (admin === device.routerId || admin === device.vtep?.address) && Number(number) > 0 ? Number(number) : undefined;
}

/** One that is not this VTEP's alone is not taken over: it stays on the device until somebody decides. */
export function rdOf(
  { eviId }: Pick<NetworkFacts, 'eviId'>,
  { id, device, seen }: Member & { readonly seen: { readonly rd: RouteDistinguisher | null } },
): RdFacts {
  const isOwn = ownNumber(device, seen.rd) !== undefined;
  const admin = device.routerId ?? device.vtep?.address ?? '0.0.0.0';
  return { deviceId: id, eviId, rd: isOwn && seen.rd !== null ? seen.rd : RouteDistinguisher.parse(`${admin}:${eviId}`) };
}

function nameOf(vni: number, places: readonly Place[]): Label {
  for (const { seen } of places) {
    try {
      if (seen.name !== null) return Label.parse(seen.name);
    } catch {
      // a name that is no label is only not taken; its line is kept with the device
    }
  }
  return Label.parse(`VNI ${vni}`);
}

function attachmentsOf(network: NetworkFacts, { id, device, seen }: Place): readonly AttachmentFacts[] {
  const at = (port: string | null, tagging: AttachmentFacts['tagging']): AttachmentFacts => ({
    id: `attachment-${network.vni}-${device.name}${port === null ? '' : `-${port}`}` as AttachmentId,
    networkId: network.id,
    deviceId: id,
    port: port === null ? null : PortName.parse(port),
    tagging,
  });
  const known = seen.places.filter(({ port }) => isPortName(port));
  return known.length === 0 ? [at(null, 'BRIDGE_ONLY')] : known.map(({ port, vlan }) => at(port, vlan === null ? 'UNTAGGED' : 'TAGGED'));
}

export function isPortName(name: string): boolean {
  try {
    return PortName.parse(name) !== '';
  } catch {
    return false; // kernels allow names that no port of ours has
  }
}

function mappingsOf(network: NetworkFacts, { id, seen }: Place): readonly VlanMappingFacts[] {
  const vlan = seen.vlan ?? seen.places.find((place) => place.vlan !== null)?.vlan ?? null;
  return vlan === null ? [] : [{ deviceId: id, networkId: network.id, vlan }];
}
