import { Injectable } from '@nestjs/common';
import { AddressLookup, type Realm, type StationAddress } from '#contexts/addressing';
import type { IpAddressId, TenantId } from '#engines/kernel';
import { Database, isWorthAnotherTry, MicroBatch, newId, type Tx, violatedConstraint } from '#platform';
import type { Call } from './domain/call.js';
import { EVERYTHING_OF } from './domain/facade.js';
import { noSuch, wrongField } from './domain/netbox-refusal.js';
import type { Place } from './domain/place.js';
import { keyOf, type Station, writtenOf } from './domain/station.js';
import { askedAgain, isWritten } from './station-of.js';
import { FacadeStore } from './store/facade.store.js';
import { type StationGround, type StationRequest, StationStore, type TakenStation } from './store/station.store.js';

export interface Given {
  readonly found: StationAddress;
  readonly number: number;
}

export interface Wanted {
  readonly place: Place;
  readonly station: Station;
}

/** Whoever lost against the same station a moment ago finds what that has got. */
const LOST = new Set(['ip_address_mac_unique', 'ip_address_key_unique']);
/** Requests of one statement: the lock of a subnet is held no longer than for these. */
const MOST_TOGETHER = 64;

/** Addresses for stations: asked twice, given once. Who asks for one address travels with whoever asks at the same moment. */
@Injectable()
export class AddressTaker {
  /**
   * As long as a realm is remembered: those who ask for the same prefix or range in it share batches. Not all of a realm: a subnet that somebody
   * has locked for long would keep every other one waiting.
   */
  private readonly batches = new WeakMap<Realm, Map<string, MicroBatch<StationRequest, TakenStation>>>();

  constructor(
    private readonly db: Database,
    private readonly facades: FacadeStore,
    private readonly stations: StationStore,
    private readonly lookup: AddressLookup,
  ) {}

  /** @throws NetBoxRefusal | DomainError as `AddressAllocationService.allocate` does. */
  async take(call: Call, realm: Realm, wanted: Wanted): Promise<Given> {
    const request = requestOf(call, wanted);
    const taken = await onceMore(() => this.batchOf(call, realm, request).submit(request));
    const given = readyOf(taken, wanted);
    return given ?? this.db.inTransaction(call.scope, (tx) => this.settled(tx, call, realm, wanted, taken));
  }

  /** All of them or, where one is refused, none: the transaction is to end. Those of one station get one address. */
  async takeIn(tx: Tx, call: Call, realm: Realm, wanted: readonly Wanted[]): Promise<Given[]> {
    const requests = wanted.map((one) => requestOf(call, one));
    const distinct = new Map<string, StationRequest>();
    for (const request of requests) distinct.set(identityOf(request) ?? request.id, distinct.get(identityOf(request) ?? '') ?? request);
    const taken = await this.stations.takeIn(tx, groundOf(call, realm), [...distinct.values()]);
    const byIdentity = new Map([...distinct.keys()].map((identity, at) => [identity, taken[at] as TakenStation]));
    const given: Given[] = [];
    for (const [at, one] of wanted.entries()) {
      const request = requests[at] as StationRequest;
      const own = byIdentity.get(identityOf(request) ?? request.id) as TakenStation;
      given.push(readyOf(own, one) ?? (await this.settled(tx, call, realm, one, own)));
    }
    return given;
  }

  private batchOf(call: Call, realm: Realm, { kind, number, subnetId }: StationRequest): MicroBatch<StationRequest, TakenStation> {
    const ofRealm = this.batches.get(realm) ?? new Map<string, MicroBatch<StationRequest, TakenStation>>();
    this.batches.set(realm, ofRealm);
    const place = `${kind} ${number ?? subnetId}`;
    const known = ofRealm.get(place);
    if (known) return known;
    const ground = groundOf(call, realm);
    const batch = new MicroBatch<StationRequest, TakenStation>({
      max: MOST_TOGETHER,
      isWorthHalving: isWorthAnotherTry,
      identity: identityOf,
      // Its actors are the requests' own; tenant and role are the same for all who see the realm.
      send: (requests) => this.stations.take(this.db, call.scope, ground, requests),
    });
    ofRealm.set(place, batch);
    return batch;
  }

  private async settled(tx: Tx, call: Call, realm: Realm, { place, station }: Wanted, taken: TakenStation): Promise<Given> {
    const { tenantId } = call.facade;
    if (!taken.found) throw await this.refusal(tx, tenantId, place, taken);
    const found = taken.outcome === 'OK' ? taken.found : await this.present(tx, realm, place, station, taken.found);
    const number = taken.number ?? (await this.facades.numbers(tx, tenantId, 'ip-address', [found.id]))[0];
    return { found, number: number as number };
  }

  private async refusal(tx: Tx, tenantId: TenantId, place: Place, { outcome, refused, subnetId, within }: TakenStation): Promise<Error> {
    // A subnet or a range that went while it was asked for is not there either.
    if (subnetId === null || outcome === 'NOT_FOUND') return noSuch(place.kind === 'prefix' ? 'Prefix' : 'IPRange');
    if (outcome === 'PRESENT') return new Error('a station was found without an address');
    const asked = 'prefer' in place ? { prefer: place.prefer } : within !== null && { within };
    return this.lookup.refusal(tx, { ...refused, outcome }, { subnetId, tenantId, key: '', ...asked });
  }

  /** What the station has in the subnet already, with what is said of it now. */
  private async present(tx: Tx, realm: Realm, place: Place, station: Station, present: StationAddress): Promise<StationAddress> {
    const { dnsName } = station;
    if ('prefer' in place && place.prefer !== present.address)
      throw wrongField('address', `${station.mac ?? station.said} has ${present.address} in ${present.subnet} already.`);
    const asked = askedAgain(present, station);
    if (present.holderKind !== 'external' || isWritten(present, asked)) return present;
    // Another name is tried where it is free; where it is somebody's, what was there stays.
    const isTaken = dnsName !== null && dnsName !== present.dnsName && (await this.lookup.isNameTaken(tx, dnsName, present));
    const to = isTaken ? { ...asked, dnsName: present.dnsName } : asked;
    if (isWritten(present, to)) return present;
    await this.lookup.changeStation(tx, present.id, present.generation, to);
    return (await this.lookup.addresses(tx, realm, { ids: [present.id] }, EVERYTHING_OF)).rows[0] ?? present;
  }
}

/** Needs no other look: it is given, or was, and nothing else is said of it now. */
function readyOf({ outcome, found, number }: TakenStation, { place, station }: Wanted): Given | undefined {
  if (found === null || number === null) return undefined;
  const isSame =
    outcome === 'OK' || (isWritten(found, askedAgain(found, station)) && (!('prefer' in place) || place.prefer === found.address));
  return isSame ? { found, number } : undefined;
}

/** @param work from its beginning: a transaction, or a request of its own. */
export async function onceMore<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!LOST.has(violatedConstraint(error) ?? '')) throw error;
    return work();
  }
}

const groundOf = ({ facade }: Call, { tenantId, vrfId, spaceIds }: Realm): StationGround => ({
  tenantId,
  vrfId,
  spaceIds,
  holder: `netbox ${facade.slug}`,
});

function requestOf({ facade, scope }: Call, { place, station }: Wanted): StationRequest {
  const { mac, dnsName } = station;
  return {
    actor: scope.actor,
    kind: place.kind,
    number: 'number' in place ? place.number : null,
    subnetId: 'prefer' in place ? place.subnetId : null,
    prefer: 'prefer' in place ? place.prefer : null,
    id: newId<IpAddressId>(),
    key: keyOf(facade.id, station),
    mac,
    dnsName,
    description: writtenOf(station),
  };
}

/** Two of one station never travel together: the second finds what the first has got. */
const identityOf = ({ mac, key }: StationRequest): string | undefined => mac ?? key ?? undefined;
