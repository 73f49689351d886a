/** The files that Proxmox VE writes on a node when the SDN configuration is applied. */
import { renderDnsmasq } from './dnsmasq/render-dnsmasq.js';
import { type FrrBody, frrConf, frrBody } from './frr/render-frr.js';
import { renderInterfaces } from './interfaces/render-interfaces.js';
import type { SdnConfig } from './model/sdn-config.js';
import { checkedFacts } from './node/checked-facts.js';
import type { NodeFacts } from './node/node-facts.js';
import { checkRelease, type PveRelease } from './node/pve-release.js';

export const PVE_INTERFACES_PATH = '/etc/network/interfaces.d/sdn';
export const PVE_FRR_PATH = '/etc/frr/frr.conf';

export interface PveNodeFiles {
  /** Text by absolute path. frr.conf is there when something asks for a routing daemon. */
  readonly files: ReadonlyMap<string, string>;
  /** Daemons that /etc/frr/daemons has to switch on beside bgpd and bfdd. */
  readonly daemons: readonly ('isisd' | 'fabricd' | 'ospfd')[];
  /** Lines of frr.conf.local that have no place in the file, and that Proxmox drops without a word. */
  readonly droppedLocalLines: readonly string[];
}

/**
 * @param frrConfLocal text of /etc/frr/frr.conf.local; null where there is none.
 * @throws DomainError INVALID_VALUE for what the release or the node cannot do, with the way out.
 */
export function renderPveNode(config: SdnConfig, facts: NodeFacts, release: PveRelease, frrConfLocal: string | null): PveNodeFiles {
  checkRelease(config, release);
  const checked = checkedFacts(facts);
  const files = new Map([[PVE_INTERFACES_PATH, renderInterfaces(config, checked, release)], ...renderDnsmasq(config, facts.name)]);
  const { lines, droppedLocalLines } = frrBody(config, checked, release, frrConfLocal);
  const isRouting = config.controllers.length > 0 || config.fabrics.length > 0 || frrConfLocal !== null;
  if (isRouting) files.set(PVE_FRR_PATH, frrConf(lines, facts.name, release));
  return { files, daemons: daemonsOf(config, facts.name), droppedLocalLines };
}

/** frr.conf without the lines that every file begins and ends with. Throws as `renderPveNode` does. */
export function renderFrrBody(config: SdnConfig, facts: NodeFacts, release: PveRelease, frrConfLocal: string | null): FrrBody {
  checkRelease(config, release);
  return frrBody(config, checkedFacts(facts), release, frrConfLocal);
}

function daemonsOf({ controllers, fabrics }: SdnConfig, node: string): PveNodeFiles['daemons'] {
  const runs = (protocol: 'openfabric' | 'ospf'): boolean =>
    fabrics.some((fabric) => fabric.protocol === protocol && fabric.nodes.some((one) => one.node === node));
  return [
    ...(controllers.some((controller) => controller.type === 'isis' && controller.node === node) ? (['isisd'] as const) : []),
    ...(runs('openfabric') ? (['fabricd'] as const) : []),
    ...(runs('ospf') ? (['ospfd'] as const) : []),
  ];
}
