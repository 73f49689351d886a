import { Injectable } from '@nestjs/common';
import { AddressAllocationService, AddressingListing, AddressLookup, type FoundAddress, type Realm } from '#contexts/addressing';
import { type Cidr, type Description, digest, IdempotencyKey, type Ip, isDomainError, type SubnetId } from '#engines/kernel';
import { Database, newId, type Tx } from '#platform';
import type { Call } from './domain/call.js';
import { EVERYTHING_OF, type Facade } from './domain/facade.js';
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

/** Addresses for stations: asked twice, given once. */
@Injectable()
export class AddressTaker {
  constructor(
    private readonly db: Database,
    private readonly lookup: AddressLookup,
    private readonly listing: AddressingListing,
    private readonly addresses: AddressAllocationService,
  ) {}

  /** The same station in the same subnet gets what it has; a race of two such is decided by the constraints, and looked at again. */
  async take({ facade, scope }: Call, realm: Realm, place: Place, station: Station): Promise<FoundAddress> {
    const attempt = (as: Station): Promise<FoundAddress> => this.db.inTransaction(scope, (tx) => this.takeIn(tx, facade, realm, place, as));
    try {
      return await attempt(station);
    } catch (error) {
      if (!isDomainError(error) || !['ALREADY_EXISTS', 'IDEMPOTENCY_KEY_REUSED'].includes(error.code)) throw error;
      // A guest with two interfaces has one name: the second address gets no record, rather than the guest no address.
      const isNameTaken = error.code === 'ALREADY_EXISTS' && error.facts['name'] !== undefined;
      return attempt(isNameTaken ? { ...station, dnsName: null } : station);
    }
  }

  private async takeIn(tx: Tx, facade: Facade, realm: Realm, place: Place, station: Station): Promise<FoundAddress> {
    const present = await this.ofStation(tx, realm, place, station);
    if (!present) return this.allocate(tx, facade, place, station);
    if (place.prefer !== undefined && place.prefer !== present.address)
      throw wrongField('address', `${station.mac ?? station.dnsName} has ${present.address} in ${place.cidr} already.`);
    if (present.holderKind !== 'external' || isStationOf(present, station)) return present;
    await this.lookup.changeStation(tx, present.id, present.generation, station);
    return (await this.lookup.addresses(tx, realm, { ids: [present.id] }, EVERYTHING_OF)).rows[0] ?? present;
  }

  private async allocate(tx: Tx, facade: Facade, { subnetId, cidr, prefer, within }: Place, station: Station): Promise<FoundAddress> {
    const { mac, dnsName } = station;
    if (prefer !== undefined) await this.lookup.wakeAddress(tx, facade.tenantId, subnetId, prefer);
    const { allocations } = await this.addresses.allocateIn(tx, {
      tenantId: facade.tenantId,
      subnetId,
      key: IdempotencyKey.parse(`nb:${digest([facade.id, subnetId, mac ?? dnsName ?? newId<string>()])}`),
      holder: `netbox ${facade.slug}`,
      ...(prefer !== undefined && { prefer }),
      ...(within !== undefined && { within }),
      ...(mac !== null && { mac }),
      ...(dnsName !== null && { dnsName }),
    });
    const [allocation] = allocations;
    if (!allocation) throw new Error('an address was granted without an allocation');
    // What a MAC address says already is not written down a second time.
    const description = station.description === `mac:${mac ?? ''}` ? null : station.description;
    if (description !== null) await this.listing.describe(tx, { ipAddress: allocation.id }, description as Description);
    return { ...allocation, subnet: cidr, description };
  }

  private async ofStation(tx: Tx, realm: Realm, { subnetId }: Place, { mac, dnsName }: Station): Promise<FoundAddress | undefined> {
    if (mac === null && dnsName === null) return undefined;
    const question = { subnetId, ...(mac === null ? dnsName !== null && { dnsName } : { mac }) };
    return (await this.lookup.addresses(tx, realm, question, EVERYTHING_OF)).rows[0];
  }
}
