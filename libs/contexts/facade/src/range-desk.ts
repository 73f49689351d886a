import { Injectable } from '@nestjs/common';
import { AddressLookup, type FoundRange, type Realm, SubnetService } from '#contexts/addressing';
import { Cidr, Ip, type SubnetId } from '#engines/kernel';
import { Database, type Tx } from '#platform';
import { type Answer, type Call, fieldsOf, filtersOf, inNetBoxWords, listAnswer, pageOf } from './domain/call.js';
import { EVERYTHING_OF, type Facade, withLength } from './domain/facade.js';
import { rangeObject, type Surroundings } from './domain/netbox-objects.js';
import { conflict, noSuch, wrongField } from './domain/netbox-refusal.js';
import type { Located } from './domain/place.js';
import { stationOf } from './domain/station.js';
import { RealmService } from './realm.service.js';
import { FacadeStore } from './store/facade.store.js';

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
    const within = parent === null ? undefined : inWords('parent', () => Cidr.parse(parent));
    return this.db.inTransaction(call.scope, async (tx) => {
      if (!this.realms.isMeant(around, filters)) return listAnswer(call, page, { rows: [], count: 0 });
      const question = {
        ...(first !== undefined && { first }),
        ...(last !== undefined && { last }),
        ...(within !== undefined && { within }),
      };
      const { rows, count } = await this.lookup.dhcpRanges(tx, realm, question, page);
      return listAnswer(call, page, { rows: await this.objects(tx, call.facade, around, rows), count });
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
        const [subnet, another] = (await this.lookup.subnets(tx, realm, { having: first }, EVERYTHING_OF)).rows;
        if (!subnet) throw wrongField('start_address', `${first} is in no prefix that this token can see: make the prefix first.`);
        if (another) throw wrongField('start_address', `${first} is in ${subnet.cidr} and in ${another.cidr}.`);
        await this.mustBeClaimed(tx, call.facade, { subnetId: subnet.id, cidr: subnet.cidr });
        const range = { first, last, reason: reasonOf(body['description'] ?? '') };
        await this.subnets.addRange(tx, subnet.id, { ...range, kind: 'DHCP' });
        const made = { ...range, subnetId: subnet.id, cidr: subnet.cidr };
        return { status: 201, body: (await this.objects(tx, call.facade, around, [made]))[0] };
      }),
    );
  }

  /** What is said of it. */
  async change(call: Call, number: number): Promise<Answer> {
    const body = fieldsOf(call);
    const { around, realm } = await this.realms.ground(call);
    return this.db.inTransaction(call.scope, async (tx) => {
      const found = await this.found(tx, call.facade, realm, number);
      this.realms.checkBody(around, body);
      await this.mustBeClaimed(tx, call.facade, found);
      for (const [field, is] of [
        ['start_address', found.first],
        ['end_address', found.last],
      ] as const)
        if (body[field] !== undefined && hostOf(field, body[field]) !== is)
          throw wrongField(field, `It stays ${is}: make another range and delete this one.`);
      const reason = reasonOf(body['description'] ?? found.reason);
      if (reason !== found.reason) await this.lookup.describeRange(tx, call.facade.tenantId, found, reason);
      return { status: 200, body: (await this.objects(tx, call.facade, around, [{ ...found, reason }]))[0] };
    });
  }

  async remove(call: Call, number: number): Promise<Answer> {
    const { realm } = await this.realms.ground(call);
    return inNetBoxWords('start_address', () =>
      this.db.inTransaction(call.scope, async (tx) => {
        const found = await this.found(tx, call.facade, realm, number);
        await this.mustBeClaimed(tx, call.facade, found);
        await this.subnets.removeRange(tx, found.subnetId, found.first);
        return { status: 204 };
      }),
    );
  }

  /** Where addresses are shown that are free. @throws NetBoxRefusal 404. */
  async locate(tx: Tx, { facade }: Call, realm: Realm, number: number): Promise<Located> {
    const { subnetId, cidr, first, last } = await this.found(tx, facade, realm, number);
    return { subnetId, cidr, within: { first, last } };
  }

  private async found(tx: Tx, facade: Facade, realm: Realm, number: number): Promise<FoundRange> {
    const id = await this.store.idOf(tx, facade.tenantId, 'ip-range', number);
    const [subnetId, first] = (id?.split(' ') ?? []) as [SubnetId?, Ip?];
    const [found] =
      subnetId === undefined || first === undefined
        ? []
        : (await this.lookup.dhcpRanges(tx, realm, { subnetId, first }, EVERYTHING_OF)).rows;
    if (!found) throw noSuch('IPRange');
    return found;
  }

  /** Ranges say who gets what of a subnet: they are of whoever claimed it. */
  private async mustBeClaimed(tx: Tx, facade: Facade, { subnetId, cidr }: Pick<FoundRange, 'subnetId' | 'cidr'>): Promise<void> {
    if ((await this.store.claims(tx, facade.id, [subnetId])).has(subnetId)) return;
    throw conflict(`${cidr} was not made by this token: its ranges are not changed by it.`);
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

/** @throws NetBoxRefusal 400, as for what is said of an address. */
const reasonOf = (description: unknown): string => stationOf({ description: description ?? '' }, null).description ?? '';

const hostOf = (field: string, value: unknown): Ip =>
  inWords(field, () => Ip.parse(typeof value === 'string' ? value.replace(/\/\d{1,3}$/, '') : value));

function inWords<T>(field: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw wrongField(field, 'Enter a valid IPv4 or IPv6 address.', { cause: error });
  }
}
