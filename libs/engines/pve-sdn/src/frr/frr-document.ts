/** frr.conf while it is gathered: blocks by their key, so that controllers, zones, fabrics and local lines can add to the same one. */

export type AddressFamilyName = 'ipv4 unicast' | 'ipv6 unicast' | 'l2vpn evpn';

/** Lines without indentation, printed in the order of the keys. */
export interface AddressFamily {
  readonly networks: string[];
  readonly imports: string[];
  readonly neighbors: string[];
  readonly redistribute: string[];
  readonly evpn: string[];
  readonly local: string[];
}

/** Lines that a router may have at its head, in the order in which they are printed. */
export const ROUTER_SETTINGS = [
  'no bgp hard-administrative-reset',
  'no bgp default ipv4-unicast',
  'coalesce-time 1000',
  'no bgp graceful-restart notification',
  'bgp disable-ebgp-connected-route-check',
  'bgp bestpath as-path multipath-relax',
] as const;
export type RouterSetting = (typeof ROUTER_SETTINGS)[number];

export interface BgpRouter {
  readonly asn: number;
  readonly routerId: string;
  readonly settings: Set<RouterSetting>;
  readonly neighbors: string[];
  readonly local: string[];
  readonly families: Map<AddressFamilyName, AddressFamily>;
}

export interface RouteMapEntry {
  readonly action: 'permit' | 'deny';
  readonly sequence: number;
  readonly lines: readonly string[];
}

export interface FrrDocument {
  /** Body lines by VRF. */
  readonly vrfs: Map<string, string[]>;
  /** By VRF; `''` is the router of the default VRF. */
  readonly routers: Map<string, BgpRouter>;
  readonly extcommunityLists: Map<string, string[]>;
  readonly isisRouters: Map<string, string[]>;
  readonly isisInterfaces: Map<string, string[]>;
  readonly prefixLists: Map<string, string[]>;
  /** What frr.conf.local has and nothing else; printed as it is. */
  readonly pasted: string[];
  readonly openfabricRouters: Map<string, string[]>;
  readonly openfabricInterfaces: Map<string, string[]>;
  readonly ospfRouter: string[];
  readonly ospfInterfaces: Map<string, string[]>;
  readonly accessLists: Map<string, string[]>;
  readonly routeMaps: Map<string, RouteMapEntry[]>;
  readonly routes: string[];
  /** Protocol → route map of each family. */
  readonly protocolMaps: Map<string, { readonly ip?: string; readonly ipv6?: string }>;
}

export function emptyDocument(): FrrDocument {
  return {
    vrfs: new Map(),
    routers: new Map(),
    extcommunityLists: new Map(),
    isisRouters: new Map(),
    isisInterfaces: new Map(),
    prefixLists: new Map(),
    pasted: [],
    openfabricRouters: new Map(),
    openfabricInterfaces: new Map(),
    ospfRouter: [],
    ospfInterfaces: new Map(),
    accessLists: new Map(),
    routeMaps: new Map(),
    routes: [],
    protocolMaps: new Map(),
  };
}

/** The router of a VRF; who asks first says what is at its head. */
export function router(
  document: FrrDocument,
  vrf: string,
  initial: { asn: number; routerId: () => string; settings: readonly RouterSetting[] },
): BgpRouter {
  const before = document.routers.get(vrf);
  if (before !== undefined) return before;
  const made: BgpRouter = {
    asn: initial.asn,
    routerId: initial.routerId(),
    settings: new Set(initial.settings),
    neighbors: [],
    local: [],
    families: new Map(),
  };
  document.routers.set(vrf, made);
  return made;
}

export function family({ families }: BgpRouter, name: AddressFamilyName): AddressFamily {
  const before = families.get(name);
  if (before !== undefined) return before;
  const made: AddressFamily = { networks: [], imports: [], neighbors: [], redistribute: [], evpn: [], local: [] };
  families.set(name, made);
  return made;
}

export function addLines(blocks: Map<string, string[]>, key: string, ...lines: readonly string[]): void {
  blocks.set(key, [...(blocks.get(key) ?? []), ...lines]);
}

/** A line that is there once, however many ask for it. */
export function addOnce(lines: string[], line: string): void {
  if (!lines.includes(line)) lines.push(line);
}

/** Route-map entries in the order in which they apply; numbers come with `numberRouteMaps`. */
export function addEntries(
  document: FrrDocument,
  map: string,
  where: 'before' | 'after',
  ...entries: readonly Omit<RouteMapEntry, 'sequence'>[]
): void {
  const present = document.routeMaps.get(map) ?? [];
  const added = entries.map((entry) => ({ ...entry, sequence: 0 }));
  document.routeMaps.set(map, where === 'before' ? [...added, ...present] : [...present, ...added]);
}

export function numberRouteMaps(document: FrrDocument): void {
  for (const [name, entries] of document.routeMaps) {
    document.routeMaps.set(
      name,
      entries.map((entry, at) => ({ ...entry, sequence: at + 1 })),
    );
  }
}
