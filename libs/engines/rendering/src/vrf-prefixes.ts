/**
 * What a device announces of a VRF as EVPN type-5 routes (RFC 9136), each by name: the subnets of its gateways, its own addresses and
 * static routes in the VRF, and everything where it is an exit node.
 */
import type { DeviceIntent, GatewayIntent, L2VniIntent, VrfIntent } from '#engines/intent';
import { Cidr, compareNatural, Ip } from '#engines/kernel';
import { carried } from './carried.js';

export interface VrfPrefixes {
  readonly '4': readonly Cidr[];
  readonly '6': readonly Cidr[];
  /** IPv4 first. */
  readonly all: readonly Cidr[];
}

type Gateways = L2VniIntent['gateways'];

/** The same objects for all devices that announce no more of the VRF than the subnets of the same networks. */
export function vrfPrefixes(intent: DeviceIntent, vrf: VrfIntent): VrfPrefixes {
  const routed = gatewaysByVrf(intent.l2vnis).get(vrf.name) ?? [];
  const own = vrf.loopbacks.map(({ address }) => ({ address, prefixLength: Ip.family(address) === 4 ? 32 : 128 }));
  const out = (vrf.exit?.gateways ?? []).map(({ address }) => ({ address, prefixLength: 0 }));
  const routes = vrf.staticRoutes.map(({ prefix }) => prefix);
  if (own.length + out.length + routes.length === 0) return ofNetworks(routed);
  const found = ofPlaces.get(vrf);
  if (found?.networks === intent.l2vnis) return found.prefixes;
  const prefixes = prefixesOf([...routed.flat(), ...own, ...out], routes);
  ofPlaces.set(vrf, { networks: intent.l2vnis, prefixes });
  return prefixes;
}

/** Of a VRF with something of its own on a device: whoever reads the text again expects the same object. */
const ofPlaces = new WeakMap<VrfIntent, { readonly networks: readonly L2VniIntent[]; readonly prefixes: VrfPrefixes }>();

/** VRFs in which no network came or went keep their lists. */
const gatewaysByVrf = carried<L2VniIntent, ReadonlyMap<string, readonly Gateways[]>>((networks, before) => {
  const changed = before && new Set([...before.removed, ...before.added].map(({ vrf }) => vrf));
  const made = new Map<string, Gateways[]>();
  for (const { vrf, gateways } of networks) {
    if (vrf === null || (changed && !changed.has(vrf))) continue;
    const lists = made.get(vrf);
    if (lists) lists.push(gateways);
    else made.set(vrf, [gateways]);
  }
  if (!before) return made;
  return new Map([...[...before.value].filter(([vrf]) => !changed?.has(vrf as L2VniIntent['vrf'])), ...made]);
});

/** Of a VRF that is here only because another one takes its routes. */
const NOTHING: VrfPrefixes = { '4': [], '6': [], all: [] };

/** Devices that have some networks of a VRF and not all: as many choices are kept for its first network. */
const VARIANTS = 8;
const ofSame = new WeakMap<Gateways, { readonly lists: readonly Gateways[]; readonly prefixes: VrfPrefixes }[]>();

function ofNetworks(lists: readonly Gateways[]): VrfPrefixes {
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
