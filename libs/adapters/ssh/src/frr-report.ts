/** Reads FRR's `show … json` (8.4.4). A daemon that is not running answers with a sentence instead of JSON: that is `null`. */
import type { AnswerPart } from './answer.js';
import { asRecord } from './json-shape.js';

export interface EvpnTargets {
  readonly rd: string;
  readonly importTargets: readonly string[];
  readonly exportTargets: readonly string[];
}

/** @returns null when the daemon did not answer with JSON. */
export function frrJson(part: AnswerPart | undefined): unknown {
  if (part === undefined || part.status !== 0) return null;
  // `show evpn vni detail json` prints nothing at all while EVPN is not configured.
  if (part.text.trim() === '') return {};
  try {
    return JSON.parse(part.text);
  } catch {
    return null;
  }
}

/** `show bgp summary json`: state per neighbor; a neighbor with several families is as good as its worst one. */
export function neighborStates(summary: unknown): Map<string, string> {
  const states = new Map<string, string>();
  for (const family of Object.values(asRecord(summary))) {
    for (const [address, peer] of Object.entries(asRecord(asRecord(family)['peers']))) {
      const { state: reported } = asRecord(peer);
      const state = typeof reported === 'string' ? reported : 'unknown';
      if (!states.has(address) || state !== 'Established') states.set(address, state);
    }
  }
  return states;
}

export function establishedNeighbors(summary: unknown): string[] {
  return [...neighborStates(summary)]
    .filter(([, state]) => state === 'Established')
    .map(([address]) => address)
    .sort();
}

/** `show bgp l2vpn evpn vni json`: what bgpd really uses per VNI that the kernel has. */
export function evpnTargets(report: unknown): Map<number, EvpnTargets> {
  const targets = new Map<number, EvpnTargets>();
  for (const [key, value] of Object.entries(asRecord(report))) {
    if (!/^\d+$/.test(key)) continue;
    const { rd, inKernel, importRTs, exportRTs } = asRecord(value);
    if (inKernel === 'False') continue;
    targets.set(Number(key), {
      rd: typeof rd === 'string' ? rd : '',
      importTargets: strings(importRTs),
      exportTargets: strings(exportRTs),
    });
  }
  return targets;
}

/** `show evpn vni detail json`: remote VTEPs per VNI that zebra has a head-end replication entry for. */
export function remoteVteps(report: unknown): Map<number, readonly string[]> {
  const entries = Array.isArray(report) ? report : Object.values(asRecord(report));
  return new Map(entries.map((entry) => [Number(asRecord(entry)['vni']), vteps(asRecord(entry)['numRemoteVteps'])] as const));
}

/** The member is called a number and is a list of addresses (`zebra_evpn_print_hash_detail`); without VTEPs it is missing. */
function vteps(value: unknown): readonly string[] {
  return strings(value).sort();
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

export interface EvpnRoute {
  readonly type: number;
  readonly rd: string;
  /** Type 2. */
  readonly mac: string | null;
  /** Type 3: whose it is. Type 5: of the subnet, with its length. */
  readonly address: string | null;
  readonly length: number | null;
  readonly targets: readonly string[];
}

/** Several `show … json` of one vtysh, one below the other. @returns null when bgpd did not answer all of them. */
export function frrDocuments(part: AnswerPart | undefined): unknown[] | null {
  if (part === undefined || part.status !== 0) return null;
  try {
    return part.text.split(/(?<=\}\n)(?=\{)/).map((text): unknown => JSON.parse(text));
  } catch {
    return null;
  }
}

/** `show bgp l2vpn evpn route rd RD json`: every route of that RD that may be used, once per path. */
export function evpnRoutes(report: unknown): EvpnRoute[] {
  return Object.entries(asRecord(report)).flatMap(([rd, routes]) =>
    Object.entries(asRecord(routes)).flatMap(([prefix, value]) => {
      if (!prefix.startsWith('[')) return [];
      const entry = asRecord(value);
      const [type, mac, address, length] = [entry['routeType'], entry['mac'], entry['ip'], entry['ipLen']];
      const paths: unknown[] = Array.isArray(entry['paths']) ? entry['paths'].flat() : [];
      return paths
        .filter((path) => asRecord(path)['valid'] === true)
        .map((path) => ({
          type: Number(type),
          rd,
          mac: typeof mac === 'string' ? mac : null,
          address: typeof address === 'string' ? address : null,
          length: typeof length === 'number' ? length : null,
          targets: targetsOf(asRecord(asRecord(path)['extendedCommunity'])['string']),
        }));
    }),
  );
}

const targetsOf = (communities: unknown): string[] =>
  typeof communities === 'string' ? [...communities.matchAll(/\bRT:(\S+)/g)].map(([, target = '']) => target) : [];

/** `show evpn mac vni all json`: guests of this host itself, without those of its gateways. */
export function localMacs(report: unknown, vni: number): string[] {
  const macs = asRecord(asRecord(asRecord(report)[String(vni)])['macs']);
  return Object.keys(macs)
    .filter((mac) => asRecord(macs[mac])['type'] === 'local')
    .sort();
}

/** `show bgp vrf all summary json`: established sessions outside the main table, `blue 10.0.0.1`. */
export function vrfNeighbors(report: unknown): string[] {
  return Object.entries(asRecord(report))
    .filter(([vrf]) => vrf !== 'default')
    .flatMap(([vrf, summary]) => establishedNeighbors(summary).map((address) => `${vrf} ${address}`))
    .sort();
}
