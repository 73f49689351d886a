/** VRFs of a device: what it routes, what it takes over from other VRFs, and where it lets traffic out. */
import { Cidr, compareNatural, DeviceName, Ip, type VrfId } from '#engines/kernel';
import { compareIps } from './compare-ips.js';
import type { VrfExitIntent, VrfIntent, VrfLeakIntent, VrfTransitIntent } from './device-intent.js';
import { anycastSubnets, type FabricIndex } from './fabric-index.js';
import { transitName, transitPeerName, vrfBridgeName, vrfVxlanName } from './interface-names.js';
import type { Kept } from './incremental/kept.js';
import { known } from './known.js';
import { overlayMtu } from './overlay-mtu.js';
import { routerMac } from './router-mac.js';
import type { DeviceFacts, VrfFacts } from './snapshot.js';

export function compileVrfs(index: FabricIndex, device: DeviceFacts, kept: Kept | null): readonly VrfIntent[] {
  const here = index.vrfsOfDevice.get(device.id) ?? [];
  if (!kept) return here.map((vrf) => compileVrf(index, device, vrf)).sort((a, b) => compareNatural(a.name, b.name));
  const { vrfs: before } = kept.intent;
  const changed = new Map(here.flatMap((vrf) => (kept.vrfs.has(vrf.deviceName) ? [[vrf.deviceName, vrf] as const] : [])));
  const same = before.filter(({ name }) => !kept.vrfs.has(name));
  const isInPlace = same.length + changed.size === before.length && before.every(({ name }) => !kept.vrfs.has(name) || changed.has(name));
  if (isInPlace) return before.map((vrf) => (changed.has(vrf.name) ? compileVrf(index, device, known(changed.get(vrf.name))) : vrf));
  return [...same, ...[...changed.values()].map((vrf) => compileVrf(index, device, vrf))].sort((a, b) => compareNatural(a.name, b.name));
}

/** What a VRF says on all of its devices alike. */
type VrfPart = Pick<
  VrfIntent,
  'name' | 'l3vni' | 'eviId' | 'importTargets' | 'exportTargets' | 'mtu' | 'bridgeName' | 'vxlanName' | 'leaksFrom'
>;

const parts = new WeakMap<FabricIndex, Map<VrfId, VrfPart>>();

function vrfPart(index: FabricIndex, vrf: VrfFacts): VrfPart {
  const byVrf = parts.get(index) ?? new Map<VrfId, VrfPart>();
  parts.set(index, byVrf);
  const found = byVrf.get(vrf.id);
  if (found) return found;
  const made: VrfPart = {
    name: DeviceName.parse(vrf.deviceName),
    l3vni: vrf.l3vni,
    eviId: vrf.eviId,
    importTargets: [...new Set(vrf.importTargets)].sort(compareNatural),
    exportTargets: [...new Set(vrf.exportTargets)].sort(compareNatural),
    mtu: overlayMtu(index.snapshot.fabric),
    bridgeName: vrfBridgeName(vrf.l3vni),
    vxlanName: vrfVxlanName(vrf.l3vni),
    leaksFrom: compileLeaks(index, vrf),
  };
  byVrf.set(vrf.id, made);
  return made;
}

function compileVrf(index: FabricIndex, device: DeviceFacts, vrf: VrfFacts): VrfIntent {
  const part = vrfPart(index, vrf);
  return {
    name: part.name,
    l3vni: part.l3vni,
    eviId: part.eviId,
    rd: known(index.rd(device.id, vrf.eviId)),
    importTargets: part.importTargets,
    exportTargets: part.exportTargets,
    mtu: part.mtu,
    bridgeName: part.bridgeName,
    vxlanName: part.vxlanName,
    routerMac: routerMac(known(device.vtep).address),
    staticRoutes: (vrf.staticRoutes ?? [])
      .filter(({ deviceIds }) => deviceIds.includes(device.id))
      .map(({ prefix, nextHop }) => ({ prefix, nextHop }))
      .sort((a, b) => compareNatural(a.prefix, b.prefix) || compareIps(a.nextHop, b.nextHop)),
    loopbacks: (vrf.loopbacks ?? [])
      .filter(({ deviceId }) => deviceId === device.id)
      .map(({ number, address }) => ({ number, address }))
      .sort((a, b) => a.number - b.number),
    leaksFrom: part.leaksFrom,
    exit: compileExit(index, device, vrf),
  };
}

function compileLeaks(index: FabricIndex, vrf: VrfFacts): readonly VrfLeakIntent[] {
  return [...new Set(vrf.importsFrom ?? [])]
    .map((id) => known(index.vrf.get(id)))
    .map((from) => ({
      name: DeviceName.parse(from.deviceName),
      targets: [...new Set(from.exportTargets)].sort(compareNatural),
      families: familiesOf(index, from),
    }))
    .sort((a, b) => compareNatural(a.name, b.name));
}

function familiesOf(index: FabricIndex, { id, staticRoutes = [], loopbacks = [], exitNodes = [] }: VrfFacts): readonly (4 | 6)[] {
  const subnets = index.snapshot.networks.filter(({ vrfId }) => vrfId === id).flatMap((network) => anycastSubnets(network));
  const said = [
    ...subnets.map(({ cidr }) => Cidr.family(cidr)),
    ...staticRoutes.map(({ prefix }) => Cidr.family(prefix)),
    ...[...loopbacks, ...exitNodes.flatMap(({ gateways }) => gateways)].map(({ address }) => Ip.family(address)),
  ];
  return [...new Set(said)].sort((a, b) => a - b);
}

function compileExit(index: FabricIndex, device: DeviceFacts, vrf: VrfFacts): VrfExitIntent | null {
  const here = vrf.exitNodes?.find(({ deviceId }) => deviceId === device.id);
  if (!here) return null;
  const subnets = index.snapshot.networks.filter(({ vrfId }) => vrfId === vrf.id).flatMap((network) => network.subnets);
  return {
    isPreferred: here.isPrimary || !vrf.exitNodes?.some(({ isPrimary }) => isPrimary),
    gateways: [...here.gateways].sort((a, b) => compareIps(a.address, b.address)),
    prefixes: [...new Set(subnets.map(({ cidr }) => cidr))].sort(compareNatural),
    snat: here.snat,
    transit: here.hasLocalRouting ? transit(vrf) : null,
  };
}

/** RFC 6598 space is nobody's: 2^17 addresses from 100.64.0.0 hold a /31 for each of the 65,535 EVI ids. */
function transit({ l3vni, eviId }: VrfFacts): VrfTransitIntent {
  const first = Ip.toBigInt(Ip.parse('100.64.0.0')) + 2n * BigInt(eviId);
  const end = (offset: bigint) => [
    { address: Ip.fromBigInt(4, first + offset), prefixLength: 31 },
    { address: Ip.parse(offset === 0n ? 'fe80::1' : 'fe80::2'), prefixLength: 64 },
  ];
  return { mainPort: transitName(l3vni), vrfPort: transitPeerName(l3vni), mainAddresses: end(0n), vrfAddresses: end(1n) };
}
