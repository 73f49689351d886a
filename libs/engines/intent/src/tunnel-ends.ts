/** Where a network's tunnels end: the addresses of its VTEPs, for every one of them without its own. */
import type { DeviceId, Ip } from '#engines/kernel';
import { compareIps } from './compare-ips.js';
import { tunnelAddress } from './compile-lag.js';
import type { FabricIndex } from './fabric-index.js';
import { known } from './known.js';

/** Networks on the same devices share one: as lists they would fill memory with networks × devices × devices. */
export class TunnelEnds {
  private readonly others = new Map<Ip, readonly Ip[]>();

  /** @param all by value, once each. */
  constructor(private readonly all: readonly Ip[]) {}

  /** Two switches of a pair share a tunnel address, and the other one of the own pair is no tunnel at all. */
  seenFrom(own: Ip): readonly Ip[] {
    const found = this.others.get(own);
    if (found) return found;
    const made = this.all.filter((address) => address !== own);
    this.others.set(own, made);
    return made;
  }
}

interface Places {
  readonly addresses: readonly Ip[];
  /** A cluster has a VTEP on each of its nodes. */
  readonly ranks: ReadonlyMap<DeviceId, readonly number[]>;
  readonly found: Map<string, TunnelEnds>;
}

const places = new WeakMap<FabricIndex, Places>();

export function tunnelEnds(index: FabricIndex, members: ReadonlySet<DeviceId>): TunnelEnds {
  const { addresses, ranks, found } = placesOf(index);
  const bits = new Uint16Array(Math.ceil(addresses.length / 16));
  for (const id of members) {
    for (const place of known(ranks.get(id))) bits[place >> 4] = known(bits[place >> 4]) | (1 << (place & 15));
  }
  const key = String.fromCharCode(...bits);
  const same = found.get(key);
  if (same) return same;
  const made = new TunnelEnds(addresses.filter((_address, place) => (known(bits[place >> 4]) & (1 << (place & 15))) !== 0));
  found.set(key, made);
  return made;
}

function placesOf(index: FabricIndex): Places {
  const found = places.get(index);
  if (found) return found;
  const own = index.snapshot.devices
    .filter(({ vtep }) => vtep !== null)
    .map((device) => ({ id: device.id, all: device.proxmox?.nodes.map(({ vtep }) => vtep) ?? [tunnelAddress(index, device)] }));
  const addresses = [...new Set(own.flatMap(({ all }) => all))].sort(compareIps);
  const rankOf = new Map(addresses.map((address, rank) => [address, rank]));
  const ranks = new Map(own.map(({ id, all }) => [id, all.map((address) => known(rankOf.get(address)))]));
  const made: Places = { addresses, ranks, found: new Map() };
  places.set(index, made);
  return made;
}
