/** On one device a VLAN carries one network and a network has one VLAN: EOS refuses anything else, after half of the commands. */
import { compareNatural } from '#engines/kernel';
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding, listed } from '../finding.js';
import { groupBy } from '../group-by.js';

export function checkVlans(index: FabricIndex): Finding[] {
  return [...missing(index), ...clashes(index), ...defaultVlan(index)];
}

function missing(index: FabricIndex): Finding[] {
  return index.snapshot.attachments.flatMap(({ id, deviceId, networkId, tagging }) => {
    const device = index.device.get(deviceId);
    const network = index.network.get(networkId);
    if (!device || !network || index.vlan(deviceId, networkId) !== null) return [];
    if (device.platform !== 'ARISTA_EOS' && tagging !== 'TAGGED') return [];
    const message = `map network ${network.slug} to a VLAN of ${device.slug}, or attach it without a tag to a host`;
    return [error('VLAN_MISSING', `networks.${network.slug}.${device.slug}`, message, [id])];
  });
}

function clashes(index: FabricIndex): Finding[] {
  const mappings = index.snapshot.vlanMappings;
  const name = (id: (typeof mappings)[number]['networkId']): string => index.network.get(id)?.slug ?? id;
  const place = (id: (typeof mappings)[number]['deviceId']): string => index.device.get(id)?.slug ?? id;
  const shared = [...groupBy(mappings, ({ deviceId, vlan }) => `${deviceId} ${vlan}`).values()].flatMap((uses) => {
    const networks = [...new Set(uses.map(({ networkId }) => networkId))];
    const [first] = uses;
    if (!first || networks.length < 2) return [];
    const message = `give each of ${listed(networks.map(name).sort(compareNatural))} its own VLAN on ${place(first.deviceId)}: they share ${first.vlan}`;
    return [error('VLAN_CLASH', `devices.${place(first.deviceId)}.vlans.${first.vlan}`, message, [first.deviceId, ...networks])];
  });
  const several = [...groupBy(mappings, ({ deviceId, networkId }) => `${deviceId} ${networkId}`).values()].flatMap((uses) => {
    const vlans = [...new Set(uses.map(({ vlan }) => vlan))].sort((a, b) => a - b);
    const [first] = uses;
    if (!first || vlans.length < 2) return [];
    const message = `keep one of the VLANs ${listed(vlans.map(String))} for network ${name(first.networkId)} on ${place(first.deviceId)}`;
    return [error('VLAN_CLASH', `networks.${name(first.networkId)}.${place(first.deviceId)}`, message, [first.deviceId, first.networkId])];
  });
  return [...shared, ...several];
}

/** Every port of a switch is in VLAN 1 until it is told otherwise: as a customer's VLAN it would join all unused ports. */
function defaultVlan(index: FabricIndex): Finding[] {
  return index.snapshot.vlanMappings.flatMap(({ deviceId, networkId, vlan }) => {
    const device = index.device.get(deviceId);
    if (vlan !== 1 || device?.platform !== 'ARISTA_EOS') return [];
    const message = `choose a VLAN from 2 to 4094 on ${device.slug}: VLAN 1 holds every port that is not configured`;
    return [error('VLAN_CLASH', `devices.${device.slug}.vlans.1`, message, [deviceId, networkId])];
  });
}
