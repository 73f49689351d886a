/** /etc/frr/frr.conf of one node. */
import type { SdnConfig } from '../model/sdn-config.js';
import type { NodeFacts } from '../node/node-facts.js';
import { FRR_VERSION, type PveRelease } from '../node/pve-release.js';
import { addControllers, type FrrContext } from './controllers.js';
import { addEvpnZones } from './evpn-zones.js';
import { addFabrics } from './fabrics.js';
import { addLines, emptyDocument, type FrrDocument, numberRouteMaps } from './frr-document.js';
import { mergeLocal } from './merge-local.js';
import { overlayOf } from './overlay.js';
import { printBody } from './print-frr.js';

export interface FrrBody {
  /** Without the five lines at the head of the file and the three at its end. */
  readonly lines: readonly string[];
  /** Lines of frr.conf.local that Proxmox does not take over. */
  readonly droppedLocalLines: readonly string[];
}

export function frrBody(config: SdnConfig, facts: NodeFacts, release: PveRelease, local: string | null): FrrBody {
  const document = emptyDocument();
  const context: FrrContext = { document, config, facts, release, overlay: overlayOf(config, facts.name) };
  addControllers(context);
  addEvpnZones(context);
  addPrefixLists(document, config);
  numberRouteMaps(document);
  // The fabrics come after the local lines, so those find no fabric to be merged into.
  const droppedLocalLines = local === null ? [] : mergeLocal(document, local);
  addFabrics(document, config, facts.name);
  return { lines: printBody(document), droppedLocalLines };
}

export function frrConf(body: readonly string[], node: string, release: PveRelease): string {
  const head = [
    `frr version ${FRR_VERSION[release]}`,
    'frr defaults datacenter',
    `hostname ${node}`,
    'log syslog informational',
    'service integrated-vtysh-config',
  ];
  return [...head, ...body, '!', 'line vty', '!'].map((line) => `${line}\n`).join('');
}

function addPrefixLists(document: FrrDocument, { prefixLists }: SdnConfig): void {
  for (const { id, entries } of prefixLists) {
    for (const { action, prefix, sequence, le, ge } of entries) {
      const word = prefix.text.includes(':') ? 'ipv6' : 'ip';
      const bounds = `${le === null ? '' : ` le ${le}`}${ge === null ? '' : ` ge ${ge}`}`;
      addLines(document.prefixLists, id, `${word} prefix-list ${id} seq ${sequence} ${action} ${prefix.text}${bounds}`);
    }
  }
}
