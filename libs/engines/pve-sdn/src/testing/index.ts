/** Clusters and nodes for tests: what a test is about is given, all else is plain. */
import { isDomainError } from '#engines/kernel';
import type { SdnConfig } from '../model/sdn-config.js';
import type { NodeFacts } from '../node/node-facts.js';
import type { PveRelease } from '../node/pve-release.js';
import { parseRunningConfig } from '../parsing/parse-sdn-config.js';
import { PVE_FRR_PATH, renderPveNode } from '../render-pve-node.js';
import { node } from './nodes.js';

export { type PveExample, pveExamples } from './examples.js';
export { node, type NodeParts } from './nodes.js';

type Sections = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface SdnParts {
  readonly zones?: Sections;
  readonly vnets?: Sections;
  readonly subnets?: Sections;
  readonly controllers?: Sections;
  readonly fabrics?: Sections;
  readonly 'prefix-lists'?: Sections;
}

/** The configuration as a node reads it; the version is 7. */
export const sdn = (parts: SdnParts): SdnConfig => parseRunningConfig(JSON.stringify({ version: 7, ...parts }));

export const UPLINK = { kind: 'linux', ports: ['enp1s0'] } as const;

/** Three tunnel ends, the first of them on the node `ash`. */
export const PEERS = ['10.9.8.1', '10.9.8.2', '10.9.8.3'];
export const ASH = 'auto vmbr0\niface vmbr0 inet static\n\taddress 10.9.8.1/24\n\tbridge-ports enp1s0\n';

/** An EVPN zone `dc` with the vnet `web`, and whatever a test changes about the zone. */
export function evpn(zone: Readonly<Record<string, unknown>> = {}, more: SdnParts = {}): SdnConfig {
  return sdn({
    zones: { dc: { type: 'evpn', controller: 'ctl', 'vrf-vxlan': 5000, ...zone }, ...more.zones },
    vnets: { web: { type: 'vnet', zone: 'dc', tag: 5001 }, ...more.vnets },
    subnets: { 'dc-10.40.0.0-24': { type: 'subnet', vnet: 'web', gateway: '10.40.0.1' }, ...more.subnets },
    controllers: { ctl: { type: 'evpn', asn: 64_900, peers: PEERS }, ...more.controllers },
    fabrics: more.fabrics ?? {},
    'prefix-lists': more['prefix-lists'] ?? {},
  });
}

/** Code and sentence of what is refused; `accepted` where nothing is. Anything else that is thrown is a fault. */
export function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (isDomainError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'accepted';
}

/** `ash` with a way to its peers. */
export const routedAsh = (): NodeFacts => node({ interfaces: ASH, route: ['10.9.8.1', 'vmbr0'] });

/** A bgp controller on `ash`, in the AS of the evpn one. */
export const BGP = { type: 'bgp', node: 'ash', asn: 64_900, peers: '10.9.8.254' };

/** frr.conf of a node; empty where there is none. */
export const frrText = (config: SdnConfig, facts = routedAsh(), release: PveRelease = '9.1', local: string | null = null): string =>
  renderPveNode(config, facts, release, local).files.get(PVE_FRR_PATH) ?? '';

/** The lines below one head, up to the next line at the margin, without their indentation of one blank. */
export function below(head: string, content: string): string[] {
  const lines = content.split('\n');
  const start = lines.indexOf(head);
  if (start < 0) return [`no ${head}`];
  const end = lines.findIndex((line, at) => at > start && !line.startsWith(' '));
  return lines.slice(start + 1, end).map((line) => line.slice(1));
}
