import { Injectable } from '@nestjs/common';
import { AddressLookup, PrefixAllocationService, type Realm, SubnetService } from '#contexts/addressing';
import { AuditService } from '#contexts/events';
import { Cidr, digest, IdempotencyKey, Ip, isDomainError, type SubnetId } from '#engines/kernel';
import { Database, type Tx } from '#platform';
import { type Answer, type Call, fieldsOf, filtersOf, inNetBoxWords, listAnswer, pageOf } from './domain/call.js';
import { type Claim, EVERYTHING_OF, type Facade } from './domain/facade.js';
import { conflict, noSuch, wrongField } from './domain/netbox-refusal.js';
import { prefixObject, type Surroundings } from './domain/netbox-objects.js';
import { type PoolRange, RealmService } from './realm.service.js';
import { FacadeStore } from './store/facade.store.js';
import type { Located } from './domain/place.js';
import { stationOf } from './domain/station.js';

type Question = Parameters<AddressLookup['subnets']>[2];

/** `/ipam/prefixes/`: subnets, and which of them this façade has claimed. */
@Injectable()
export class PrefixDesk {
  constructor(
    private readonly db: Database,
    private readonly store: FacadeStore,
    private readonly realms: RealmService,
    private readonly lookup: AddressLookup,
    private readonly prefixes: PrefixAllocationService,
    private readonly subnets: SubnetService,
    private readonly audit: AuditService,
  ) {}

  async list(call: Call): Promise<Answer> {
    const filters = filtersOf(call, ['id', 'q', 'prefix', 'within_include', 'contains', 'vrf_id', 'tenant_id']);
    const page = pageOf(call);
    const { around, realm } = await this.realms.ground(call);
    return this.db.inTransaction(call.scope, async (tx) => {
      const question = this.realms.isMeant(around, filters) ? await this.question(tx, call.facade, filters) : undefined;
      if (!question) return listAnswer(call, page, { rows: [], count: 0 });
      if (!filters.has('q')) {
        const found = await this.lookup.subnets(tx, realm, question, page);
        return listAnswer(call, page, { rows: await this.objects(tx, call.facade, around, found.rows), count: found.count });
      }
      // Proxmox refuses to make a subnet that it can find: what it has not claimed yet is not there.
      const found = (await this.lookup.subnets(tx, realm, question, EVERYTHING_OF)).rows;
      const claims = await this.store.claims(
        tx,
        call.facade.id,
        found.map(({ id }) => id),
      );
      const claimed = found.filter(({ id }) => claims.has(id));
      const rows = await this.objects(tx, call.facade, around, claimed.slice(page.offset, page.offset + page.limit));
      return listAnswer(call, page, { rows, count: claimed.length });
    });
  }

  async show(call: Call, number: number): Promise<Answer> {
    const { around, realm } = await this.realms.ground(call);
    return this.db.inTransaction(call.scope, async (tx) => {
      const subnet = await this.subnet(tx, call.facade, realm, number);
      return { status: 200, body: (await this.objects(tx, call.facade, around, [subnet]))[0] };
    });
  }

  async create(call: Call): Promise<Answer> {
    const { facade } = call;
    const body = fieldsOf(call);
    const { around, realm, ranges } = await this.realms.ground(call);
    return inNetBoxWords('prefix', () =>
      this.db.inTransaction(call.scope, async (tx) => {
        this.realms.checkBody(around, body);
        const cidr = prefixOf(body['prefix']);
        const { description } = stationOf({ description: body['description'] ?? '' }, null);
        const [present, another] = (await this.lookup.subnets(tx, realm, { cidr }, EVERYTHING_OF)).rows;
        if (another) throw wrongField('prefix', `${cidr} is there more than once, in several address spaces of this token.`);
        if (present && (await this.store.claims(tx, facade.id, [present.id])).has(present.id))
          throw wrongField('prefix', `Duplicate prefix found in ${around.vrf ? `VRF ${around.vrf.name}` : 'global table'}: ${cidr}`);
        const subnetId = present?.id ?? (await this.open(tx, facade, ranges, cidr));
        const claim: Claim = { subnetId, isOwn: present === undefined, description };
        await this.store.claim(tx, facade, claim);
        await this.told(tx, facade, 'facade.subnet-claimed', cidr, claim);
        return { status: 201, body: (await this.objects(tx, facade, around, [{ id: subnetId, cidr }]))[0] };
      }),
    );
  }

  async change(call: Call, number: number): Promise<Answer> {
    const body = fieldsOf(call);
    const { around, realm } = await this.realms.ground(call);
    return this.db.inTransaction(call.scope, async (tx) => {
      const subnet = await this.subnet(tx, call.facade, realm, number);
      this.realms.checkBody(around, body);
      if (body['prefix'] !== undefined && prefixOf(body['prefix']) !== subnet.cidr)
        throw wrongField('prefix', `It stays ${subnet.cidr}: make another prefix and delete this one.`);
      if (body['description'] !== undefined) {
        const { description } = stationOf({ description: body['description'] }, null);
        await this.store.describe(tx, call.facade.id, subnet.id, description);
      }
      return { status: 200, body: (await this.objects(tx, call.facade, around, [subnet]))[0] };
    });
  }

  async remove(call: Call, number: number): Promise<Answer> {
    const { facade } = call;
    const { realm } = await this.realms.ground(call);
    return inNetBoxWords('prefix', () =>
      this.db.inTransaction(call.scope, async (tx) => {
        const subnet = await this.subnet(tx, facade, realm, number);
        const claim = (await this.store.claims(tx, facade.id, [subnet.id])).get(subnet.id);
        if (!claim) throw conflict(`${subnet.cidr} was not made by this token: it is not deleted by it.`);
        await this.store.giveUp(tx, facade.id, subnet.id);
        await this.told(tx, facade, 'facade.subnet-given-up', subnet.cidr, claim);
        if (claim.isOwn && (await this.store.claimsOfOthers(tx, facade.id, subnet.id)) === 0)
          await this.subnets.closeWithPrefix(tx, subnet.id);
        return { status: 204 };
      }),
    );
  }

  /** @throws NetBoxRefusal 404. */
  private async subnet(tx: Tx, facade: Facade, realm: Realm, number: number): Promise<{ readonly id: SubnetId; readonly cidr: Cidr }> {
    const id = await this.store.idOf(tx, facade.tenantId, 'prefix', number);
    const [found] = id === undefined ? [] : (await this.lookup.subnets(tx, realm, { ids: [id as SubnetId] }, EVERYTHING_OF)).rows;
    if (!found) throw noSuch('Prefix');
    return found;
  }

  /** Where addresses are shown that are free. @throws NetBoxRefusal 404. */
  async locate(tx: Tx, { facade }: Call, realm: Realm, number: number): Promise<Located> {
    const { id, cidr } = await this.subnet(tx, facade, realm, number);
    return { subnetId: id, cidr };
  }

  private async open(tx: Tx, facade: Facade, ranges: readonly PoolRange[], cidr: Cidr): Promise<SubnetId> {
    const range = ranges.find((one) => Cidr.contains(one.cidr, Cidr.network(cidr)) && Cidr.length(one.cidr) <= Cidr.length(cidr));
    if (!range) throw wrongField('prefix', `${cidr} is in no pool of this token: ${ranges.map((one) => one.cidr).join(', ')}.`);
    const key = IdempotencyKey.parse(`nb:${digest([facade.id, 'prefix', cidr])}`);
    const request = { tenantId: facade.tenantId, poolId: range.poolId, prefer: cidr, key, holder: `netbox ${facade.slug}` };
    const { allocations } = await this.prefixes.allocateIn(tx, request).catch(async (error: unknown) => {
      // What rests since this tenant gave it back may be named again: a creation that was undone is repeated a second later.
      if (!isDomainError(error) || error.code !== 'OVERLAPS' || !(await this.lookup.wakePrefix(tx, facade.tenantId, range.spaceId, cidr)))
        throw error;
      return this.prefixes.allocateIn(tx, request);
    });
    const [leaf] = allocations;
    if (!leaf) throw new Error('a prefix was granted without an allocation');
    const opened = await this.subnets.open(tx, {
      prefixId: leaf.id,
      generation: leaf.generation,
      tenantId: facade.tenantId,
      gatewayMode: 'NONE',
      ...(facade.vrfId !== null && { vrfId: facade.vrfId }),
      ...(facade.dnsZone !== null && { dnsZone: facade.dnsZone }),
    });
    return opened.id;
  }

  private async question(tx: Tx, facade: Facade, filters: ReadonlyMap<string, readonly string[]>): Promise<Question | undefined> {
    const one = (name: string): string | undefined => filters.get(name)?.[0];
    const parsed = <T>(name: string, parse: (text: string) => T): T | undefined => {
      const text = one(name);
      try {
        return text === undefined ? undefined : parse(text);
      } catch (error) {
        throw wrongField(name, 'Enter a valid IPv4 or IPv6 address or prefix.', { cause: error });
      }
    };
    const q = one('q');
    const numbers = filters.get('id');
    const ids = numbers && (await this.store.idsOf(tx, facade.tenantId, 'prefix', numbers.map(Number)));
    const [cidr, within, having] = [
      parsed('prefix', Cidr.parse),
      parsed('within_include', Cidr.parse),
      parsed('contains', (text) => Ip.parse(text.replace(/\/.*/, ''))),
    ];
    if (q !== undefined && !isAddress(q)) return undefined;
    return {
      ...(ids && { ids: ids as SubnetId[] }),
      ...(cidr !== undefined && { cidr }),
      ...(within !== undefined && { within }),
      ...(having !== undefined && { having }),
      ...(q !== undefined && (q.includes('/') ? { cidr: Cidr.parse(q) } : { network: Ip.parse(q) })),
    };
  }

  private async objects(
    tx: Tx,
    facade: Facade,
    around: Surroundings,
    subnets: readonly { readonly id: SubnetId; readonly cidr: Cidr }[],
  ): Promise<object[]> {
    const ids = subnets.map(({ id }) => id);
    const numbers = await this.store.numbers(tx, facade.tenantId, 'prefix', ids);
    const claims = await this.store.claims(tx, facade.id, ids);
    return subnets.map(({ id, cidr }, at) =>
      prefixObject(around, { number: numbers[at] as number, cidr, description: claims.get(id)?.description ?? null }),
    );
  }

  private told(tx: Tx, facade: Facade, action: string, cidr: Cidr, { subnetId, isOwn }: Claim): Promise<void> {
    return this.audit.append(tx, {
      tenantId: facade.tenantId,
      action,
      subjectKind: 'subnet',
      subjectId: subnetId,
      detail: { facade: facade.slug, cidr, isOwn },
    });
  }
}

function prefixOf(value: unknown): Cidr {
  try {
    return Cidr.parse(value);
  } catch (error) {
    throw wrongField('prefix', 'Enter a valid IPv4 or IPv6 prefix (and mask) in CIDR format, without host bits.', { cause: error });
  }
}

function isAddress(text: string): boolean {
  try {
    return text.includes('/') ? Cidr.parse(text) !== undefined : Ip.parse(text) !== undefined;
  } catch {
    return false; // Text that names nothing here: nothing is found.
  }
}
