import { Injectable } from '@nestjs/common';
import { type AddressAllocation, AddressAllocationService, AddressLookup, type FoundAddress, type Realm } from '#contexts/addressing';
import { type Cidr, digest, IdempotencyKey, type Ip, isDomainError, type SubnetId } from '#engines/kernel';
import { Database, newId, type Tx } from '#platform';
import type { Call } from './domain/call.js';
import { EVERYTHING_OF } from './domain/facade.js';
import { wrongField } from './domain/netbox-refusal.js';
import type { Station } from './domain/station.js';
import { isStationOf } from './station-of.js';

/** Where an address is taken: anywhere in a subnet, in a range of it, or exactly one. */
export interface Place {
  readonly subnetId: SubnetId;
  readonly cidr: Cidr;
  readonly prefer?: Ip;
  readonly within?: { readonly first: Ip; readonly last: Ip };
}

/** Until it is known whose it is; a process that dies in between leaves nothing behind. */
const HELD_SECONDS = 60;

/**
 * Addresses for stations: asked twice, given once. An address is held first, together with whoever asks at the same moment, and bound with its
 * station in a transaction that holds no lock of the subnet: so one subnet serves many nodes.
 */
@Injectable()
export class AddressTaker {
  constructor(
    private readonly db: Database,
    private readonly lookup: AddressLookup,
    private readonly addresses: AddressAllocationService,
  ) {}

  async take(call: Call, realm: Realm, place: Place, station: Station): Promise<FoundAddress> {
    const { facade, scope } = call;
    const { tenantId } = facade;
    const present = await this.db.inTransaction(scope, (tx) => this.presentOf(tx, realm, place, station));
    if (present) return present;
    const { subnetId, prefer, within } = place;
    if (prefer !== undefined) await this.db.inTransaction(scope, (tx) => this.lookup.wakeAddress(tx, tenantId, subnetId, prefer));
    const { allocations } = await this.addresses.allocate(scope, {
      tenantId,
      subnetId,
      key: IdempotencyKey.parse(`nb:${digest([facade.id, subnetId, station.mac ?? station.dnsName ?? newId<string>()])}`),
      holder: `netbox ${facade.slug}`,
      ttlSeconds: HELD_SECONDS,
      // Who names an address of a DHCP range in so many words asks within it.
      ...(prefer !== undefined && { prefer, within: { first: prefer, last: prefer } }),
      ...(within !== undefined && { within }),
    });
    const [held] = allocations;
    if (!held) throw new Error('an address was granted without an allocation');
    return this.settle(call, realm, place, station, held);
  }

  private async settle({ scope }: Call, realm: Realm, place: Place, station: Station, held: AddressAllocation): Promise<FoundAddress> {
    const bind = (as: Station): Promise<FoundAddress> =>
      this.db.inTransaction(scope, async (tx) => {
        const bound = await this.lookup.bindStation(tx, held.id, held.generation, stored(as));
        return { ...bound, subnet: place.cidr, description: stored(as).description };
      });
    try {
      return await bind(station);
    } catch (error) {
      if (!isDomainError(error)) throw error;
      // A guest with two interfaces has one name: the second address gets no record, rather than the guest no address.
      if (error.code === 'ALREADY_EXISTS' && error.facts['name'] !== undefined) return bind({ ...station, dnsName: null });
      // The same station asked twice at once: whoever was first has settled it.
      const present = await this.db.inTransaction(scope, (tx) => this.presentOf(tx, realm, place, station));
      if (present) return present;
      throw error;
    }
  }

  /** What the station has in the subnet already, with what is said of it now. */
  private async presentOf(tx: Tx, realm: Realm, place: Place, station: Station): Promise<FoundAddress | undefined> {
    const { mac, dnsName } = station;
    if (mac === null && dnsName === null) return undefined;
    const question = { subnetId: place.subnetId, ...(mac === null ? dnsName !== null && { dnsName } : { mac }) };
    const [present] = (await this.lookup.addresses(tx, realm, question, EVERYTHING_OF)).rows;
    if (!present) return undefined;
    if (place.prefer !== undefined && place.prefer !== present.address)
      throw wrongField('address', `${mac ?? dnsName} has ${present.address} in ${place.cidr} already.`);
    if (present.holderKind !== 'external' || isStationOf(present, station)) return present;
    // Another name is tried where it is free; where it is somebody's, what was there stays.
    const to =
      dnsName !== null && dnsName !== present.dnsName && (await this.lookup.isNameTaken(tx, dnsName, present.address))
        ? { ...station, dnsName: null }
        : station;
    if (isStationOf(present, to)) return present;
    await this.lookup.changeStation(tx, present.id, present.generation, to);
    return (await this.lookup.addresses(tx, realm, { ids: [present.id] }, EVERYTHING_OF)).rows[0] ?? present;
  }
}

/** What a MAC address says already is not written down a second time. */
const stored = (station: Station): Station =>
  station.description === `mac:${station.mac ?? ''}` ? { ...station, description: null } : station;
