/** What a switch says of itself, with the VLANs of its networks filled in; and how each of its subnets finds its gateway. */
import { Cidr, compareNatural, Ip, type NetworkId } from '#engines/kernel';
import type { FabricIndex } from './fabric-index.js';
import { groupBy } from './group-by.js';
import { known } from './known.js';
import type { DeviceFacts, SubnetFacts, SwitchFacts } from './snapshot.js';
import type { SwitchIntent } from './switch-intent.js';

export function compileSwitch(index: FabricIndex, device: DeviceFacts): SwitchIntent | null {
  const facts = device.switch;
  if (!facts) return null;
  return {
    internalVlans: facts.internalVlans,
    tunnelPorts: [...facts.tunnelPorts].sort(compareNatural),
    translations: facts.translations
      .map(({ port, from, networkId }) => ({ port, from, to: known(index.vlan(device.id, networkId)) }))
      .sort((a, b) => compareNatural(a.port, b.port) || a.from - b.from),
    domain: facts.domain,
    clusterId: facts.clusterId ?? null,
    hasPeerGroups: facts.hasPeerGroups ?? false,
  };
}

type VarpAddress = SwitchFacts['varpAddresses'][number];
const varpAddresses = new WeakMap<SwitchFacts, ReadonlyMap<NetworkId, readonly VarpAddress[]>>();

/** The address that a switch with VARP has alone in a subnet. */
export function ownAddress(device: DeviceFacts, networkId: NetworkId, { cidr }: SubnetFacts): Ip | null {
  const facts = device.switch;
  if (!facts || facts.varpAddresses.length === 0) return null;
  const byNetwork = varpAddresses.get(facts) ?? groupBy(facts.varpAddresses, (entry) => entry.networkId);
  varpAddresses.set(facts, byNetwork);
  return byNetwork.get(networkId)?.find(({ address }) => Cidr.contains(cidr, address))?.address ?? null;
}
