import { Injectable } from '@nestjs/common';
import { AddressAllocationService, AddressLookup, type FoundAddress, type Realm } from '#contexts/addressing';
import { Cidr, type Fqdn, Ip, type IpAddressId, Mac } from '#engines/kernel';
import { Database, type Tx } from '#platform';
import { AddressTaker, type Given, onceMore } from './address-taker.js';
import { type Answer, bodiesOf, type Call, fieldsOf, filtersOf, inNetBoxWords, listAnswer, pageOf } from './domain/call.js';
import { EVERYTHING_OF, type Facade, withLength } from './domain/facade.js';
import { addressObject, freeAddress, type Surroundings } from './domain/netbox-objects.js';
import { noSuch, wrongField } from './domain/netbox-refusal.js';
import type { Located, Place } from './domain/place.js';
import { keyIn, keyOf, type Station, stationOf } from './domain/station.js';
import { changedBy, descriptionOf, isWritten } from './station-of.js';
import { RealmService } from './realm.service.js';
import { FacadeStore } from './store/facade.store.js';

const FILTERS = ['id', 'q', 'address', 'parent', 'description__ic', 'dns_name', 'vrf_id', 'tenant_id'] as const;

/** `/ipam/ip-addresses/`, and what is taken from prefixes and ranges. */
@Injectable()
export class AddressDesk {
  constructor(
    private readonly db: Database,
    private readonly store: FacadeStore,
    private readonly realms: RealmService,
    private readonly lookup: AddressLookup,
    private readonly taker: AddressTaker,
    private readonly addresses: AddressAllocationService,
  ) {}

  async list(call: Call): Promise<Answer> {
    const filters = filtersOf(call, FILTERS);
    const page = pageOf(call);
    const { around, realm } = await this.realms.ground(call);
    return this.db.inTransaction(call.scope, async (tx) => {
      const question = this.realms.isMeant(around, filters) ? await this.question(tx, call.facade, filters) : undefined;
      if (!question) return listAnswer(call, page, { rows: [], count: 0 });
      const found = await this.lookup.addresses(tx, realm, question, page);
      return listAnswer(call, page, { rows: await this.objects(tx, call.facade, around, found.rows), count: found.count });
    });
  }

  async show(call: Call, number: number): Promise<Answer> {
    const { around, realm } = await this.realms.ground(call);
    return this.db.inTransaction(call.scope, async (tx) =>
      this.shown(tx, call.facade, around, await this.found(tx, call.facade, realm, number), 200),
    );
  }

  /** One address in so many words. */
  async create(call: Call): Promise<Answer> {
    const body = fieldsOf(call);
    const { around, realm } = await this.realms.ground(call);
    this.realms.checkBody(around, body);
    const station = stationOf(body, call.facade.dnsZone);
    return inNetBoxWords('address', () =>
      onceMore(() =>
        this.db.inTransaction(call.scope, async (tx) => {
          const place = await this.placeOf(tx, realm, station, body['address']);
          await this.lookup.wakeAddress(tx, call.facade.tenantId, place.subnetId, place.prefer);
          const [given] = await this.taker.takeIn(tx, call, realm, [{ place, station }]);
          return { status: 201, body: shown(around, given as Given) };
        }),
      ),
    );
  }

  /** The next free ones: of several all or none. */
  async createIn(call: Call, place: Place): Promise<Answer> {
    const { bodies, isList } = bodiesOf(call);
    const { around, realm } = await this.realms.ground(call);
    const wanted = bodies.map((body) => {
      this.realms.checkBody(around, body);
      if (body['address'] !== undefined) throw wrongField('address', 'Here it is the next one that is free.');
      return { place, station: stationOf(body, call.facade.dnsZone) };
    });
    const [one] = wanted;
    return inNetBoxWords('non_field_errors', async () => {
      if (!isList && one) return { status: 201, body: shown(around, await this.taker.take(call, realm, one)) };
      const given = await onceMore(() => this.db.inTransaction(call.scope, (tx) => this.taker.takeIn(tx, call, realm, wanted)));
      return { status: 201, body: given.map((each) => shown(around, each)) };
    });
  }

  /** What is free, lowest first. */
  async free(call: Call, locate: (tx: Tx, realm: Realm) => Promise<Located>): Promise<Answer> {
    const { around, realm } = await this.realms.ground(call);
    return this.db.inTransaction(call.scope, async (tx) => {
      const { limit } = pageOf(call);
      const free: object[] = [];
      const place = await locate(tx, realm);
      for (const extent of await this.lookup.free(tx, place.subnetId, place.within ?? null, limit)) {
        const family = Ip.family(extent.first);
        const [first, last] = [Ip.toBigInt(extent.first), Ip.toBigInt(extent.last)];
        for (let at = first; at <= last && free.length < limit; at++)
          free.push(freeAddress(around, withLength(Ip.fromBigInt(family, at), place.cidr), place.cidr));
      }
      return { status: 200, body: free };
    });
  }

  async change(call: Call, number: number): Promise<Answer> {
    const { facade } = call;
    const body = fieldsOf(call);
    const { around, realm } = await this.realms.ground(call);
    return inNetBoxWords('dns_name', () =>
      onceMore(() =>
        this.db.inTransaction(call.scope, async (tx) => {
          const found = await this.found(tx, facade, realm, number);
          this.realms.checkBody(around, body);
          if (body['address'] !== undefined && hostOf(body['address']) !== found.address)
            throw wrongField('address', `It stays ${found.address}: make another address and delete this one.`);
          await this.changeTo(tx, facade, found, body);
          return this.shown(tx, facade, around, await this.found(tx, facade, realm, number), 200);
        }),
      ),
    );
  }

  private async changeTo(tx: Tx, facade: Facade, found: FoundAddress, body: Readonly<Record<string, unknown>>): Promise<void> {
    const station = stationOf(body, facade.dnsZone);
    const to = changedBy(found, body, station);
    const isUnnamed = body['dns_name'] === undefined;
    const known = keyOf(facade.id, { mac: to.mac, said: isUnnamed ? found.dnsName : station.said });
    const key = isUnnamed && to.mac === found.mac ? undefined : keyIn(found.subnetId, known ?? found.id);
    // Whoever had it before is known by it no longer; keys that are not a façade's are not touched.
    const isOthers = key !== undefined && found.key !== key && found.key?.startsWith(keyIn(found.subnetId, '')) === true;
    // What an order or a network of ours holds stays theirs; who says the same again is told that it is so.
    if (!isWritten(found, to) || isOthers) await this.lookup.changeStation(tx, found.id, found.generation, to, isOthers ? key : undefined);
  }

  async remove(call: Call, number: number): Promise<Answer> {
    const { realm } = await this.realms.ground(call);
    return inNetBoxWords('address', async () => {
      const { facade } = call;
      const found = await this.db.inTransaction(call.scope, async (tx) => {
        const address = await this.found(tx, facade, realm, number);
        const claim = (await this.store.claims(tx, facade.id, [address.subnetId])).get(address.subnetId);
        // The gateway of a network is not the client's to give back; that it does not use it any more is all that it says.
        return address.role === 'GATEWAY' && claim !== undefined && !claim.isOwn ? null : address;
      });
      if (found) await this.addresses.release(call.scope, found.id, found.generation, `netbox ${facade.slug}`);
      return { status: 204 };
    });
  }

  private async placeOf(tx: Tx, realm: Realm, { mac, said }: Station, value: unknown): Promise<Extract<Place, { prefer: Ip }>> {
    const prefer = hostOf(value);
    const [subnet, another] = (await this.lookup.subnets(tx, realm, { having: prefer }, EVERYTHING_OF)).rows;
    if (!subnet) throw wrongField('address', `${prefer} is in no prefix that this token can see: make the prefix first.`);
    if (another) throw wrongField('address', `${prefer} is in ${subnet.cidr} and in ${another.cidr}.`);
    const [taken] = (await this.lookup.addresses(tx, realm, { subnetId: subnet.id, address: prefer }, EVERYTHING_OF)).rows;
    // A gateway that is there is found by whoever is refused: so Proxmox is content with it.
    if (taken && (taken.role === 'GATEWAY' || (mac === null && said === null)))
      throw wrongField('address', `Duplicate IP address found: ${withLength(prefer, subnet.cidr)}`);
    return { kind: 'prefix', subnetId: subnet.id, prefer };
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
    const ids = numbers && (await this.store.idsOf(tx, facade.tenantId, 'ip-address', numbers.map(Number)));
    const address = parsed('address', (text) => Ip.parse(text.replace(/\/.*/, '')));
    const within = parsed('parent', Cidr.parse);
    const mac = parsed('description__ic', (text) => Mac.parse(text.replace(/^mac:/, '')));
    const dnsName = one('dns_name')?.toLowerCase();
    // No address has such a name.
    if (dnsName !== undefined && !/^[a-z0-9.-]{1,253}$/.test(dnsName)) return undefined;
    const q = one('q');
    const asked = q === undefined ? undefined : addressIn(q);
    if (q !== undefined && asked === undefined) return undefined;
    if (asked !== undefined && address !== undefined && asked !== address) return undefined;
    return {
      ...(ids && { ids: ids as IpAddressId[] }),
      ...((address ?? asked) !== undefined && { address: (address ?? asked) as Ip }),
      ...(within !== undefined && { within }),
      ...(mac !== undefined && { mac }),
      ...(dnsName !== undefined && { dnsName: dnsName as Fqdn }),
    };
  }

  /** @throws NetBoxRefusal 404. */
  private async found(tx: Tx, facade: Facade, realm: Realm, number: number): Promise<FoundAddress> {
    const id = await this.store.idOf(tx, facade.tenantId, 'ip-address', number);
    const [found] = id === undefined ? [] : (await this.lookup.addresses(tx, realm, { ids: [id as IpAddressId] }, EVERYTHING_OF)).rows;
    if (!found) throw noSuch('IPAddress');
    return found;
  }

  private async shown(tx: Tx, facade: Facade, around: Surroundings, found: FoundAddress, status: 200 | 201): Promise<Answer> {
    return { status, body: (await this.objects(tx, facade, around, [found]))[0] };
  }

  private async objects(tx: Tx, facade: Facade, around: Surroundings, rows: readonly FoundAddress[]): Promise<object[]> {
    const numbers = await this.store.numbers(
      tx,
      facade.tenantId,
      'ip-address',
      rows.map(({ id }) => id),
    );
    return rows.map((found, at) => shown(around, { found, number: numbers[at] as number }));
  }
}

const shown = (around: Surroundings, { found, number }: Given): object =>
  addressObject(around, {
    number,
    address: withLength(found.address, found.subnet),
    subnet: found.subnet,
    dnsName: found.dnsName,
    description: descriptionOf(found),
    createdAt: found.createdAt,
    updatedAt: found.updatedAt,
  });

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
