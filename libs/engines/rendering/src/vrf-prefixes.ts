/**
 * What a device announces of a VRF as EVPN type-5 routes (RFC 9136), each by name: the subnets of its gateways, its own addresses and
 * static routes in the VRF, and everything where it is an exit node.
 */
import type { DeviceIntent, GatewayIntent, L2VniIntent, VrfIntent } from '#engines/intent';
import { Cidr, compareNatural, Ip } from '#engines/kernel';
import { carried } from './carried.js';
import { remembered } from './remembered.js';

export interface VrfPrefixes {
  readonly '4': readonly Cidr[];
  readonly '6': readonly Cidr[];
  /** IPv4 first. */
  readonly all: readonly Cidr[];
}

type Gateways = L2VniIntent['gateways'];

/** The same objects for all devices that announce no more of the VRF than the subnets of the same networks. */
export function vrfPrefixes(intent: DeviceIntent, vrf: VrfIntent): VrfPrefixes {
  const gateways = gatewaysByVrf(intent.l2vnis).get(vrf.name)?.gateways ?? NO_GATEWAYS;
  if (vrf.loopbacks.length + vrf.staticRoutes.length === 0 && vrf.exit === null) return ofNetworks(gateways);
  const own = vrf.loopbacks.map(({ address }) => ({ address, prefixLength: Ip.family(address) === 4 ? 32 : 128 }));
  const out = (vrf.exit?.gateways ?? []).map(({ address }) => ({ address, prefixLength: 0 }));
  const routes = vrf.staticRoutes.map(({ prefix }) => prefix);
  if (own.length + out.length + routes.length === 0) return ofNetworks(gateways);
  const found = ofPlaces.get(vrf);
  if (found?.networks === intent.l2vnis) return found.prefixes;
  const prefixes = prefixesOf([...gateways.flat(), ...own, ...out], routes);
  ofPlaces.set(vrf, { networks: intent.l2vnis, prefixes });
  return prefixes;
}

/** Of each VRF of a device, in the order of its VRFs. */
export const prefixesOfVrfs = remembered<DeviceIntent, readonly VrfPrefixes[]>((intent) =>
  intent.vrfs.map((vrf) => vrfPrefixes(intent, vrf)),
);

/** Of a VRF with something of its own on a device: whoever reads the text again expects the same object. */
const ofPlaces = new WeakMap<VrfIntent, { readonly networks: readonly L2VniIntent[]; readonly prefixes: VrfPrefixes }>();

interface Routed {
  readonly networks: readonly L2VniIntent[];
  readonly gateways: readonly Gateways[];
}

const routed = (networks: readonly L2VniIntent[]): Routed => ({ networks, gateways: networks.map(({ gateways }) => gateways) });

/** In the order of VNIs. VRFs in which no network came or went keep their lists. */
const gatewaysByVrf = carried<L2VniIntent, ReadonlyMap<string, Routed>>((networks, before) => {
  if (!before) return new Map([...listsByVrf(networks)].map(([vrf, list]) => [vrf, routed(list)]));
  const made = new Map(before.value);
  const gone = new Set(before.removed);
  const added = listsByVrf(before.added);
  for (const vrf of new Set([...listsByVrf(before.removed).keys(), ...added.keys()])) {
    const kept = (made.get(vrf)?.networks ?? []).filter((network) => !gone.has(network));
    made.set(vrf, routed([...kept, ...(added.get(vrf) ?? [])].sort((a, b) => a.vni - b.vni)));
  }
  return made;
});

function listsByVrf(networks: readonly L2VniIntent[]): ReadonlyMap<string, readonly L2VniIntent[]> {
  const found = new Map<string, L2VniIntent[]>();
  for (const network of networks) {
    if (network.vrf === null) continue;
    const list = found.get(network.vrf);
    if (list) list.push(network);
    else found.set(network.vrf, [network]);
  }
  return found;
}

const NO_GATEWAYS: readonly Gateways[] = [];

/** Of a VRF that is here only because another one takes its routes. */
const NOTHING: VrfPrefixes = { '4': [], '6': [], all: [] };

/** Devices that have some networks of a VRF and not all: as many choices are kept for its first network. */
const VARIANTS = 8;
const ofSame = new WeakMap<Gateways, { readonly lists: readonly Gateways[]; readonly prefixes: VrfPrefixes }[]>();
const ofLists = new WeakMap<readonly Gateways[], VrfPrefixes>();

function ofNetworks(lists: readonly Gateways[]): VrfPrefixes {
  let prefixes = ofLists.get(lists);
  if (prefixes === undefined) ofLists.set(lists, (prefixes = ofEqual(lists)));
  return prefixes;
}

function ofEqual(lists: readonly Gateways[]): VrfPrefixes {
  const [first] = lists;
  if (!first) return NOTHING;
  const variants = ofSame.get(first) ?? [];
  const found = variants.find(
    (variant) => variant.lists.length === lists.length && lists.every((list, place) => list === variant.lists[place]),
  );
  if (found) return found.prefixes;
  const made = { lists, prefixes: prefixesOf(lists.flat(), []) };
  ofSame.set(first, [made, ...variants].slice(0, VARIANTS));
  return made.prefixes;
}

function prefixesOf(gateways: readonly GatewayIntent[], routes: readonly Cidr[]): VrfPrefixes {
  const named = gateways.map(({ address, prefixLength }) => subnetOf(address, prefixLength));
  const prefixes = [...new Set([...named, ...routes])].sort(compareNatural);
  const four = prefixes.filter((prefix) => Cidr.family(prefix) === 4);
  const six = prefixes.filter((prefix) => Cidr.family(prefix) === 6);
  return { '4': four, '6': six, all: [...four, ...six] };
}

function subnetOf(address: Ip, prefixLength: number): Cidr {
  const family = Ip.family(address);
  const host = BigInt((family === 4 ? 32 : 128) - prefixLength);
  return Cidr.parse(`${Ip.fromBigInt(family, (Ip.toBigInt(address) >> host) << host)}/${prefixLength}`);
}
