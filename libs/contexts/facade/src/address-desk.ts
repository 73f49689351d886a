import { Injectable } from '@nestjs/common';
import { AddressAllocationService, AddressingListing, AddressLookup, type FoundAddress, SubnetService } from '#contexts/addressing';
import { Cidr, type Description, digest, IdempotencyKey, Ip, type IpAddressId, isDomainError, Mac, type SubnetId } from '#engines/kernel';
import { Database, newId, type Tx } from '#platform';
import { type Answer, bodiesOf, type Call, type Fields, fieldsOf, filtersOf, inNetBoxWords, listAnswer, pageOf } from './domain/call.js';
import { EVERYTHING_OF, type Facade, withLength } from './domain/facade.js';
import { noSuch, wrongField } from './domain/netbox-refusal.js';
import { addressObject, freeAddress, type Surroundings } from './domain/netbox-objects.js';
import { type Station, stationOf } from './domain/station.js';
import { RealmService } from './realm.service.js';
import { FacadeStore } from './store/facade.store.js';

/** Where an address is taken: anywhere in a subnet, in a range of it, or exactly one. */
export interface Place {
  readonly subnetId: SubnetId;
  readonly cidr: Cidr;
  readonly prefer?: Ip;
  readonly within?: { readonly first: Ip; readonly last: Ip };
}

const FILTERS = ['id', 'q', 'address', 'parent', 'description__ic', 'dns_name', 'vrf_id', 'tenant_id'] as const;

/** `/ipam/ip-addresses/`, and what is taken from prefixes and ranges. */
@Injectable()
export class AddressDesk {
  constructor(
    private readonly db: Database,
    private readonly store: FacadeStore,
    private readonly realms: RealmService,
    private readonly lookup: AddressLookup,
    private readonly listing: AddressingListing,
    private readonly addresses: AddressAllocationService,
    private readonly subnets: SubnetService,
  ) {}

  list(call: Call): Promise<Answer> {
    const filters = filtersOf(call, FILTERS);
    const page = pageOf(call);
    return this.db.inTransaction(call.scope, async (tx) => {
      const around = await this.realms.surroundings(tx, call.facade, call.base);
      const question = this.realms.isMeant(around, filters) ? await this.question(tx, call.facade, filters) : undefined;
      if (!question) return listAnswer(call, page, { rows: [], count: 0 });
      const found = await this.lookup.addresses(tx, await this.realms.realm(tx, call.facade), question, page);
      return listAnswer(call, page, { rows: await this.objects(tx, call.facade, around, found.rows), count: found.count });
    });
  }

  show(call: Call, number: number): Promise<Answer> {
    return this.db.inTransaction(call.scope, async (tx) => this.shown(tx, call, await this.found(tx, call.facade, number), 200));
  }

  /** One address in so many words. */
  create(call: Call): Promise<Answer> {
    const body = fieldsOf(call);
    return inNetBoxWords('address', async () => {
      const place = await this.db.inTransaction(call.scope, (tx) => this.placeOf(tx, call.facade, body['address']));
      return this.take(call, place, body);
    });
  }

  /** The next free ones. */
  async createIn(call: Call, place: Place): Promise<Answer> {
    const { bodies, isList } = bodiesOf(call);
    const made: unknown[] = [];
    for (const body of bodies) made.push((await inNetBoxWords('non_field_errors', () => this.take(call, place, body))).body);
    return { status: 201, body: isList ? made : made[0] };
  }

  /** What is free, lowest first. */
  free(call: Call, place: Place): Promise<Answer> {
    return this.db.inTransaction(call.scope, async (tx) => {
      const around = await this.realms.surroundings(tx, call.facade, call.base);
      const { limit } = pageOf(call);
      const free: object[] = [];
      for (const extent of await this.subnets.free(tx, place.subnetId, null, limit)) {
        const family = Ip.family(extent.first);
        const [first, last] = [Ip.toBigInt(extent.first), Ip.toBigInt(extent.last)];
        for (let at = first; at <= last && free.length < limit; at++)
          free.push(freeAddress(around, withLength(Ip.fromBigInt(family, at), place.cidr), place.cidr));
      }
      return { status: 200, body: free };
    });
  }

  change(call: Call, number: number): Promise<Answer> {
    const { facade } = call;
    const body = fieldsOf(call);
    return inNetBoxWords('dns_name', () =>
      this.db.inTransaction(call.scope, async (tx) => {
        const found = await this.found(tx, facade, number);
        this.realms.checkBody(await this.realms.surroundings(tx, facade, call.base), body);
        if (body['address'] !== undefined && hostOf(body['address']) !== found.address)
          throw wrongField('address', `It stays ${found.address}: make another address and delete this one.`);
        const said = { description: body['description'] ?? descriptionOf(found), dns_name: body['dns_name'] ?? found.dnsName ?? '' };
        const to = stationOf(said, facade.dnsZone);
        // What an order or a network of ours holds stays theirs; who says the same again is told that it is so.
        if (!isSame(found, to)) await this.lookup.changeStation(tx, found.id, found.generation, to);
        return this.shown(tx, call, await this.found(tx, facade, number), 200);
      }),
    );
  }

  remove(call: Call, number: number): Promise<Answer> {
    return inNetBoxWords('address', async () => {
      const { facade } = call;
      const found = await this.db.inTransaction(call.scope, async (tx) => {
        const address = await this.found(tx, facade, number);
        const claim = (await this.store.claims(tx, facade.id, [address.subnetId])).get(address.subnetId);
        // The gateway of a network is not the client's to give back; that it does not use it any more is all that it says.
        return address.role === 'GATEWAY' && claim !== undefined && !claim.isOwn ? null : address;
      });
      if (found) await this.addresses.release(call.scope, found.id, found.generation, `netbox ${facade.slug}`);
      return { status: 204 };
    });
  }

  /** The same station in the same subnet gets what it has; a race of two such is decided by the constraints, and looked at again. */
  private async take(call: Call, place: Place, body: Fields): Promise<Answer> {
    const station = stationOf(body, call.facade.dnsZone);
    const attempt = (): Promise<Answer> => this.db.inTransaction(call.scope, (tx) => this.takeIn(tx, call, place, body, station));
    try {
      return await attempt();
    } catch (error) {
      if (!isDomainError(error) || !['ALREADY_EXISTS', 'IDEMPOTENCY_KEY_REUSED'].includes(error.code)) throw error;
      if (error.code === 'ALREADY_EXISTS' && error.facts['name'] !== undefined) {
        // A guest with two interfaces has one name: the second address gets no record, rather than the guest no address.
        return this.db.inTransaction(call.scope, (tx) => this.takeIn(tx, call, place, body, { ...station, dnsName: null }));
      }
      return attempt();
    }
  }

  private async takeIn(tx: Tx, call: Call, place: Place, body: Fields, station: Station): Promise<Answer> {
    const { facade } = call;
    this.realms.checkBody(await this.realms.surroundings(tx, facade, call.base), body);
    const present = await this.ofStation(tx, facade, place, station);
    if (present) {
      if (place.prefer !== undefined && place.prefer !== present.address)
        throw wrongField('address', `${station.mac ?? station.dnsName} has ${present.address} in ${place.cidr} already.`);
      if (present.holderKind === 'external' && !isSame(present, station))
        await this.lookup.changeStation(tx, present.id, present.generation, station);
      return this.shown(tx, call, await this.byId(tx, facade, present.id), 201);
    }
    const id = await this.allocate(tx, facade, place, station);
    if (station.description !== null && station.description !== `mac:${station.mac ?? ''}`)
      await this.listing.describe(tx, { ipAddress: id }, station.description as Description);
    return this.shown(tx, call, await this.byId(tx, facade, id), 201);
  }

  private async allocate(tx: Tx, facade: Facade, { subnetId, prefer, within }: Place, { mac, dnsName }: Station): Promise<IpAddressId> {
    const request = {
      tenantId: facade.tenantId,
      subnetId,
      key: IdempotencyKey.parse(`nb:${digest([facade.id, subnetId, mac ?? dnsName ?? newId<string>()])}`),
      holder: `netbox ${facade.slug}`,
      ...(prefer !== undefined && { prefer }),
      ...(within !== undefined && { within }),
      ...(mac !== null && { mac }),
      ...(dnsName !== null && { dnsName }),
    };
    if (prefer !== undefined) await this.lookup.wakeAddress(tx, facade.tenantId, subnetId, prefer);
    const { allocations } = await this.addresses.allocateIn(tx, request);
    const [allocation] = allocations;
    if (!allocation) throw new Error('an address was granted without an allocation');
    return allocation.id;
  }

  private async ofStation(tx: Tx, facade: Facade, { subnetId }: Place, { mac, dnsName }: Station): Promise<FoundAddress | undefined> {
    if (mac === null && dnsName === null) return undefined;
    const realm = await this.realms.realm(tx, facade);
    const question = { subnetId, ...(mac === null ? dnsName !== null && { dnsName } : { mac }) };
    return (await this.lookup.addresses(tx, realm, question, EVERYTHING_OF)).rows[0];
  }

  private async placeOf(tx: Tx, facade: Facade, value: unknown): Promise<Place> {
    const prefer = hostOf(value);
    const [subnet, another] = (await this.lookup.subnets(tx, await this.realms.realm(tx, facade), { having: prefer }, EVERYTHING_OF)).rows;
    if (!subnet) throw wrongField('address', `${prefer} is in no prefix that this token can see: make the prefix first.`);
    if (another) throw wrongField('address', `${prefer} is in ${subnet.cidr} and in ${another.cidr}.`);
    const [taken] = (
      await this.lookup.addresses(tx, await this.realms.realm(tx, facade), { subnetId: subnet.id, address: prefer }, EVERYTHING_OF)
    ).rows;
    const place: Place = { subnetId: subnet.id, cidr: subnet.cidr, prefer };
    // A gateway that is there is found by whoever is refused: so Proxmox is content with it.
    if (taken && (taken.mac === null || taken.role === 'GATEWAY'))
      throw wrongField('address', `Duplicate IP address found: ${withLength(prefer, subnet.cidr)}`);
    return place;
  }

  private async question(tx: Tx, facade: Facade, filters: ReadonlyMap<string, readonly string[]>) {
    const one = (name: (typeof FILTERS)[number]): string | undefined => filters.get(name)?.[0];
    const parsed = <T>(name: (typeof FILTERS)[number], parse: (text: string) => T): T | undefined => {
      const text = one(name);
      try {
        return text === undefined ? undefined : parse(text);
      } catch (error) {
        throw wrongField(name, 'Enter a valid value.', { cause: error });
      }
    };
    const numbers = filters.get('id');
    const ids =
      numbers && (await Promise.all(numbers.map((number) => this.store.idOf(tx, facade.tenantId, 'ip-address', Number(number) || 0))));
    const address = parsed('address', (text) => Ip.parse(text.replace(/\/.*/, '')));
    const within = parsed('parent', Cidr.parse);
    const mac = parsed('description__ic', (text) => Mac.parse(text.replace(/^mac:/, '')));
    const dnsName = one('dns_name');
    const q = one('q');
    const asked = q === undefined ? undefined : addressIn(q);
    if (q !== undefined && asked === undefined) return undefined;
    if (asked !== undefined && address !== undefined && asked !== address) return undefined;
    return {
      ...(ids && { ids: ids.filter((id) => id !== undefined) as IpAddressId[] }),
      ...((address ?? asked) !== undefined && { address: (address ?? asked) as Ip }),
      ...(within !== undefined && { within }),
      ...(mac !== undefined && { mac }),
      ...(dnsName !== undefined && { dnsName: dnsName.toLowerCase() as never }),
    };
  }

  /** @throws NetBoxRefusal 404. */
  private async found(tx: Tx, facade: Facade, number: number): Promise<FoundAddress> {
    const id = await this.store.idOf(tx, facade.tenantId, 'ip-address', number);
    if (id === undefined) throw noSuch('IPAddress');
    return this.byId(tx, facade, id as IpAddressId);
  }

  private async byId(tx: Tx, facade: Facade, id: IpAddressId): Promise<FoundAddress> {
    const [row] = (await this.lookup.addresses(tx, await this.realms.realm(tx, facade), { ids: [id] }, EVERYTHING_OF)).rows;
    if (!row) throw noSuch('IPAddress');
    return row;
  }

  private async shown(tx: Tx, call: Call, found: FoundAddress, status: 200 | 201): Promise<Answer> {
    const around = await this.realms.surroundings(tx, call.facade, call.base);
    return { status, body: (await this.objects(tx, call.facade, around, [found]))[0] };
  }

  private async objects(tx: Tx, facade: Facade, around: Surroundings, rows: readonly FoundAddress[]): Promise<object[]> {
    const numbers = await this.store.numbers(
      tx,
      facade.tenantId,
      'ip-address',
      rows.map(({ id }) => id),
    );
    return rows.map((row, at) =>
      addressObject(around, {
        number: numbers[at] as number,
        address: withLength(row.address, row.subnet),
        subnet: row.subnet,
        dnsName: row.dnsName,
        description: descriptionOf(row),
        createdAt: row.createdAt,
        updatedAt: row.updatedAt,
      }),
    );
  }
}

const descriptionOf = ({ description, mac, role }: FoundAddress): string =>
  description ?? (mac !== null ? `mac:${mac}` : role === 'GATEWAY' ? 'gateway' : '');

const isSame = (found: FoundAddress, to: Station): boolean =>
  found.mac === to.mac && found.dnsName === to.dnsName && descriptionOf(found) === (to.description ?? '');

function hostOf(value: unknown): Ip {
  const found = typeof value === 'string' && /^[^/]+(\/\d{1,3})?$/.test(value) ? addressIn(value.replace(/\/.*/, '')) : undefined;
  if (found === undefined) throw wrongField('address', 'Enter a valid IPv4 or IPv6 address (with its mask).');
  return found;
}

function addressIn(text: string): Ip | undefined {
  try {
    return Ip.parse(text);
  } catch {
    return undefined; // Text that names nothing here: nothing is found.
  }
}
