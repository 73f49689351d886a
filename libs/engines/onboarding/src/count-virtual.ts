/** The same proof for Open vSwitch and libvirt: what would be done to the host after taking it over is nothing. */
import { readLibvirtNetwork } from '#engines/adoption';
import type { DeviceIntent } from '#engines/intent';
import { canonicalJson } from '#engines/kernel';
import { ovsTransaction, parseOvsDump, parseOvsRows } from '#engines/reconcile';
import { OVS_ROWS_PATH, renderDevice } from '#engines/rendering';
import type { FactCount } from './count-facts.js';
import type { ReadNetwork, ReadSwitch, VirtualNetworks } from './lift/virtual-networks.js';
import { renderedText } from './take-over.js';

export interface VirtualCount extends FactCount {
  readonly path: string;
}

export function countVirtual(intent: DeviceIntent, { openvswitch, libvirt }: VirtualNetworks): readonly VirtualCount[] {
  return [...(openvswitch === null ? [] : [countSwitch(intent, openvswitch)]), ...libvirt.map((read) => countNetwork(intent, read))];
}

/** One transaction leads from the host to the model: it has to be empty. Of a switch that was not taken over there is none. */
function countSwitch(intent: DeviceIntent, { dump, kept }: ReadSwitch): VirtualCount {
  const content = renderedText(intent, OVS_ROWS_PATH);
  const none = { path: OVS_ROWS_PATH, deviations: 0, values: 0, kept: kept.length };
  if (content === '') return { ...none, facts: kept.length, model: 0, differences: [] };
  const desired = parseOvsRows(content);
  const argv = dump === null ? [] : ovsTransaction({ previous: null, desired, current: parseOvsDump(dump) }).argv;
  const model = desired.bridges.reduce(
    (rows, { ports, mirrors, sflow }) =>
      rows + 1 + mirrors.length + (sflow === null ? 0 : 1) + ports.reduce((sum, port) => sum + 1 + port.interfaces.length, 0),
    0,
  );
  return { ...none, facts: model + kept.length, model, differences: argv.length === 0 ? [] : [argv.join(' ')] };
}

function countNetwork(intent: DeviceIntent, { network, facts }: ReadNetwork): VirtualCount {
  const said = [network.name, network.bridge, ...network.portgroups.flatMap(({ name, tags }) => [name, ...tags])].length;
  const artefact = renderDevice(intent).find(
    ({ format, content }) => format === 'libvirt-network' && readLibvirtNetwork(content).name === network.name,
  );
  const path = artefact?.path ?? network.name;
  const none = { path, deviations: 0, values: 0 };
  if (facts === null || artefact === undefined) {
    return { ...none, facts: said + network.kept.length, model: 0, values: said, kept: network.kept.length, differences: [] };
  }
  const wanted = canonicalJson(comparable(readLibvirtNetwork(artefact.content), network.uuid !== null));
  const found = canonicalJson(comparable(network, network.uuid !== null));
  return {
    ...none,
    facts: said + network.kept.length,
    model: said,
    kept: network.kept.length,
    differences: wanted === found ? [] : [`network ${network.name}: ${wanted} instead of ${found}`],
  };
}

function comparable({ name, uuid, bridge, forward, isOpenVswitch, portgroups }: ReadNetwork['network'], hasUuid: boolean): object {
  const sorted = portgroups
    .map((portgroup) => ({ ...portgroup, tags: [...portgroup.tags].sort((a, b) => a - b) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return { name, bridge, forward, isOpenVswitch, portgroups: sorted, ...(hasUuid ? { uuid } : {}) };
}
