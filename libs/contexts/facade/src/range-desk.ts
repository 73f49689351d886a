import { Injectable } from '@nestjs/common';
import { AddressLookup, type AddressRange, type Realm, SubnetService } from '#contexts/addressing';
import { Cidr, Ip, type SubnetId } from '#engines/kernel';
import { Database, type Tx } from '#platform';
import type { Place } from './address-taker.js';
import { type Answer, type Call, fieldsOf, filtersOf, inNetBoxWords, listAnswer, pageOf } from './domain/call.js';
import { EVERYTHING_OF, type Facade, withLength } from './domain/facade.js';
import { rangeObject, type Surroundings } from './domain/netbox-objects.js';
import { noSuch, wrongField } from './domain/netbox-refusal.js';
import { RealmService } from './realm.service.js';
import { FacadeStore } from './store/facade.store.js';

interface FoundRange extends AddressRange {
  readonly subnetId: SubnetId;
  readonly cidr: Cidr;
}

/** `/ipam/ip-ranges/`: DHCP ranges of subnets. Their addresses are given to whoever asks in the range, and to nobody else. */
@Injectable()
export class RangeDesk {
  constructor(
    private readonly db: Database,
    private readonly store: FacadeStore,
    private readonly realms: RealmService,
    private readonly lookup: AddressLookup,
    private readonly subnets: SubnetService,
  ) {}

  async list(call: Call): Promise<Answer> {
    const filters = filtersOf(call, ['start_address', 'end_address', 'parent', 'vrf_id', 'tenant_id']);
    const page = pageOf(call);
    const [first, last] = ['start_address', 'end_address'].map((name) =>
      call.query.has(name) ? hostOf(name, call.query.get(name)) : undefined,
    );
    const parent = call.query.get('parent');
    const { around, realm } = await this.realms.ground(call);
    return this.db.inTransaction(call.scope, async (tx) => {
      const within = parent === null ? undefined : inWords('parent', () => Cidr.parse(parent));
      const question = { ...(first !== undefined && { having: first }), ...(within !== undefined && { within }) };
      const all = this.realms.isMeant(around, filters) ? await this.ranges(tx, realm, question) : [];
      const found = all.filter((range) => range.first === (first ?? range.first) && range.last === (last ?? range.last));
      const rows = await this.objects(tx, call.facade, around, found.slice(page.offset, page.offset + page.limit));
      return listAnswer(call, page, { rows, count: found.length });
    });
  }

  async show(call: Call, number: number): Promise<Answer> {
    const { around, realm } = await this.realms.ground(call);
    return this.db.inTransaction(call.scope, async (tx) => {
      const found = await this.found(tx, call.facade, realm, number);
      return { status: 200, body: (await this.objects(tx, call.facade, around, [found]))[0] };
    });
  }

  async create(call: Call): Promise<Answer> {
    const body = fieldsOf(call);
    const [first, last] = [hostOf('start_address', body['start_address']), hostOf('end_address', body['end_address'])];
    const { around, realm } = await this.realms.ground(call);
    return inNetBoxWords('start_address', () =>
      this.db.inTransaction(call.scope, async (tx) => {
        this.realms.checkBody(around, body);
        const [subnet] = (await this.lookup.subnets(tx, realm, { having: first }, EVERYTHING_OF)).rows;
        if (!subnet) throw wrongField('start_address', `${first} is in no prefix that this token can see: make the prefix first.`);
        const reason = typeof body['description'] === 'string' ? body['description'].slice(0, 200) : '';
        const range: AddressRange = { first, last, kind: 'DHCP', reason };
        await this.subnets.addRange(tx, subnet.id, range);
        return {
          status: 201,
          body: (await this.objects(tx, call.facade, around, [{ ...range, subnetId: subnet.id, cidr: subnet.cidr }]))[0],
        };
      }),
    );
  }

  async remove(call: Call, number: number): Promise<Answer> {
    const { realm } = await this.realms.ground(call);
    return inNetBoxWords('start_address', () =>
      this.db.inTransaction(call.scope, async (tx) => {
        const { subnetId, first } = await this.found(tx, call.facade, realm, number);
        await this.subnets.removeRange(tx, subnetId, first);
        return { status: 204 };
      }),
    );
  }

  /** Where addresses of the range are taken. @throws NetBoxRefusal 404. */
  async place(tx: Tx, facade: Facade, realm: Realm, number: number): Promise<Place> {
    const { subnetId, cidr, first, last } = await this.found(tx, facade, realm, number);
    return { subnetId, cidr, within: { first, last } };
  }

  private async found(tx: Tx, facade: Facade, realm: Realm, number: number): Promise<FoundRange> {
    const id = await this.store.idOf(tx, facade.tenantId, 'ip-range', number);
    const [subnetId, first] = id?.split(' ') ?? [];
    const all = subnetId === undefined ? [] : await this.ranges(tx, realm, { ids: [subnetId as SubnetId] });
    const found = all.find((range) => range.first === first);
    if (!found) throw noSuch('IPRange');
    return found;
  }

  private async ranges(tx: Tx, realm: Realm, question: Parameters<AddressLookup['subnets']>[2]): Promise<FoundRange[]> {
    const { rows } = await this.lookup.subnets(tx, realm, question, EVERYTHING_OF);
    const found: FoundRange[] = [];
    for (const { id, cidr } of rows)
      for (const range of await this.subnets.ranges(tx, id)) if (range.kind === 'DHCP') found.push({ ...range, subnetId: id, cidr });
    return found;
  }

  private async objects(tx: Tx, facade: Facade, around: Surroundings, ranges: readonly FoundRange[]): Promise<object[]> {
    const ids = ranges.map(({ subnetId, first }) => `${subnetId} ${first}`);
    const numbers = await this.store.numbers(tx, facade.tenantId, 'ip-range', ids);
    return ranges.map(({ first, last, cidr, reason }, at) =>
      rangeObject(around, {
        number: numbers[at] as number,
        first: withLength(first, cidr),
        last: withLength(last, cidr),
        subnet: cidr,
        size: Number(Ip.toBigInt(last) - Ip.toBigInt(first)) + 1,
        description: reason,
      }),
    );
  }
}

const hostOf = (field: string, value: unknown): Ip =>
  inWords(field, () => Ip.parse(typeof value === 'string' ? value.replace(/\/\d{1,3}$/, '') : value));

function inWords<T>(field: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw wrongField(field, 'Enter a valid IPv4 or IPv6 address.', { cause: error });
  }
}
