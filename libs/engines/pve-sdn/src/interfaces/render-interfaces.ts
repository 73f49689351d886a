/** /etc/network/interfaces.d/sdn of one node. */
import type { SdnConfig, Vnet } from '../model/sdn-config.js';
import type { Zone } from '../model/zone.js';
import type { NodeFacts } from '../node/node-facts.js';
import type { PveRelease } from '../node/pve-release.js';
import { qinqZone, simpleZone, vlanZone } from './bridge-zones.js';
import { fabricStanzas } from './fabric-stanzas.js';
import { Stanzas } from './stanzas.js';
import { evpnZone, vxlanZone } from './tunnel-zones.js';
import type { ZoneContext } from './zone-context.js';

export function renderInterfaces(config: SdnConfig, facts: NodeFacts, release: PveRelease): string {
  const stanzas = new Stanzas();
  const zones = new Map(config.zones.map((zone) => [zone.id, zone]));
  for (const vnet of config.vnets) {
    const zone = zones.get(vnet.zone);
    if (zone === undefined || (zone.nodes !== null && !zone.nodes.includes(facts.name))) continue;
    const subnets = config.subnets.filter((subnet) => subnet.vnet === vnet.id);
    renderVnet({ config, facts, release, stanzas, subnets }, zone, vnet);
  }
  return [
    `#version:${config.version}\n`,
    ...stanzas.sorted().map(([name, options]) => stanza(name, name, options)),
    ...fabricStanzas(config.fabrics, facts.name).map(({ head, options }) => stanza(head.split(' ')[0] ?? head, head, options)),
  ].join('');
}

function renderVnet(context: ZoneContext, zone: Zone, vnet: Vnet): void {
  switch (zone.type) {
    case 'simple':
      return simpleZone(context, zone, vnet);
    case 'vlan':
      return vlanZone(context, zone, vnet);
    case 'qinq':
      return qinqZone(context, zone, vnet);
    case 'vxlan':
      return vxlanZone(context, zone, vnet);
    case 'evpn':
      return evpnZone(context, zone, vnet);
  }
}

const stanza = (name: string, head: string, options: readonly string[]): string =>
  `\nauto ${name}\niface ${head}\n${options.map((option) => `\t${option}\n`).join('')}`;
