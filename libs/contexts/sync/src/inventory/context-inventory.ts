import { Injectable } from '@nestjs/common';
import { AddressingListing } from '#contexts/addressing';
import { FabricListing } from '#contexts/fabric';
import { type Stretch, TenancyListing } from '#contexts/tenancy';
import {
  decodeId,
  Description,
  type DeviceId,
  type IdKind,
  type IpAddressId,
  isDomainError,
  Label,
  type NetworkId,
  notFound,
  type PrefixId,
  type TenantId,
  type VlanDomainId,
  type VrfId,
  type VtepId,
} from '#engines/kernel';
import type { Fields } from '#engines/reconcile';
import type { Tx } from '#platform';
import {
  asnObject,
  deviceObject,
  interfaceObject,
  ipAddressObject,
  ipRangeObject,
  prefixObject,
  sharedVtepObject,
  vtepAddressObject,
} from './addressing-objects.js';
import type { InventoryKind } from './kinds.js';
import { asnIds, pairIds, rangeIds, targetIds, vlanIds } from './local-ids.js';
import type { LocalInventory, LocalObject } from './local-inventory.js';
import { cannotTake, TAKEN_OVER } from './taken-over.js';
import {
  l2vpnObject,
  routeTargetObject,
  tenantObject,
  terminationObject,
  vlanGroupObject,
  vlanObject,
  vrfObject,
} from './tenancy-objects.js';

/** One kind of one context: where its rows come from, and what they become. */
interface Source {
  page(tx: Tx, after: string | null, limit: number): Promise<LocalObject[]>;
  byIds(tx: Tx, ids: readonly string[]): Promise<LocalObject[]>;
}

/** What Trame has, out of the contexts that have it: one question for a page, however many objects there are. */
@Injectable()
export class ContextInventory implements LocalInventory {
  private readonly sources: Readonly<Record<InventoryKind, Source>>;

  constructor(
    private readonly tenancy: TenancyListing,
    private readonly addressing: AddressingListing,
    private readonly fabric: FabricListing,
  ) {
    const vteps = [fabric, 'vteps', 'vtepsById', publicId<VtepId>('vtep')] as const;
    const vlans = [fabric, 'vlans', 'vlansAt', vlanIds.parse] as const;
    this.sources = {
      tenant: source(tenancy, 'tenants', 'tenantsById', publicId<TenantId>('tenant'), tenantObject),
      routeTarget: source(tenancy, 'routeTargets', 'routeTargetsByText', targetIds.parse, routeTargetObject),
      vrf: source(tenancy, 'vrfs', 'vrfsById', publicId<VrfId>('vrf'), vrfObject),
      vlanGroup: source(fabric, 'vlanDomains', 'vlanDomainsById', publicId<VlanDomainId>('vlanDomain'), vlanGroupObject),
      vlan: source(...vlans, vlanObject),
      l2vpn: source(tenancy, 'networks', 'networksById', publicId<NetworkId>('network'), l2vpnObject),
      l2vpnTermination: source(...vlans, terminationObject),
      prefix: source(addressing, 'prefixes', 'prefixesById', publicId<PrefixId>('prefix'), prefixObject),
      ipRange: source(addressing, 'ranges', 'rangesAt', rangeIds.parse, ipRangeObject),
      asn: source(fabric, 'asns', 'asnsAmong', asnIds.parse, asnObject),
      device: source(fabric, 'devices', 'devicesById', publicId<DeviceId>('device'), deviceObject),
      interface: source(...vteps, interfaceObject),
      // In the order of their texts.
      ipAddress: oneAfterTheOther([
        {
          prefix: 'ip_',
          source: source(addressing, 'addresses', 'addressesById', publicId<IpAddressId>('ipAddress'), ipAddressObject),
        },
        { prefix: 'pair-', source: source(fabric, 'sharedVteps', 'sharedVtepsOf', pairIds.parse, sharedVtepObject) },
        { prefix: 'vtep_', source: source(...vteps, vtepAddressObject) },
      ]),
    };
  }

  page(tx: Tx, kind: InventoryKind, after: string | null, limit: number): Promise<readonly LocalObject[]> {
    return this.sources[kind].page(tx, after, limit);
  }

  byIds(tx: Tx, kind: InventoryKind, ids: readonly string[]): Promise<readonly LocalObject[]> {
    return this.sources[kind].byIds(tx, ids);
  }

  async take(tx: Tx, kind: InventoryKind, id: string, fields: Fields): Promise<void> {
    const taken: readonly string[] = TAKEN_OVER[kind] ?? [];
    for (const field of Object.keys(fields)) if (!taken.includes(field)) throw cannotTake(kind, field);
    if (fields['name'] !== undefined) await this.tenancy.renameTenant(tx, publicId<TenantId>('tenant')(id), Label.parse(fields['name']));
    if (fields['description'] !== undefined) await this.describe(tx, kind, id, Description.parse(fields['description']));
  }

  private describe(tx: Tx, kind: InventoryKind, id: string, description: Description | null): Promise<void> {
    switch (kind) {
      case 'tenant':
        return this.tenancy.describe(tx, { tenant: publicId<TenantId>('tenant')(id) }, description);
      case 'vrf':
        return this.tenancy.describe(tx, { vrf: publicId<VrfId>('vrf')(id) }, description);
      case 'l2vpn':
        return this.tenancy.describe(tx, { network: publicId<NetworkId>('network')(id) }, description);
      case 'prefix':
        return this.addressing.describe(tx, { prefix: publicId<PrefixId>('prefix')(id) }, description);
      case 'ipAddress':
        return this.addressing.describe(tx, { ipAddress: publicId<IpAddressId>('ipAddress')(id) }, description);
      case 'ipRange':
        return this.addressing.explainRange(tx, rangeIds.parse(id), description);
      case 'device':
        return this.fabric.describe(tx, publicId<DeviceId>('device')(id), description);
      default:
        throw cannotTake(kind, 'description');
    }
  }
}

type Listing<Page extends string, ByKeys extends string, Key, Row> = Readonly<
  Record<Page, (tx: Tx, stretch: Stretch<Key>) => Promise<Row[]>>
> &
  Readonly<Record<ByKeys, (tx: Tx, keys: readonly Key[]) => Promise<Row[]>>>;

/** @param page the method of `listing` that has rows in the order of ids. @param byKeys the one that has those of some keys. @param key of an id; throws DomainError for a text that is none. */
const source = <Page extends string, ByKeys extends string, Key, Row>(
  listing: Listing<Page, ByKeys, Key, Row>,
  page: Page,
  byKeys: ByKeys,
  key: (id: string) => Key,
  toObject: (row: Row) => LocalObject,
): Source => ({
  page: async (tx, after, limit) => (await listing[page](tx, { after: after === null ? null : key(after), limit })).map(toObject),
  byIds: async (tx, ids) => {
    const keys = ids.flatMap((id) => keyIfAny(key, id));
    return keys.length === 0 ? [] : (await listing[byKeys](tx, keys)).map(toObject);
  },
});

/** Somebody else's mark may be any text: it is the id of nothing that there is. */
function keyIfAny<Key>(key: (id: string) => Key, id: string): [] | [Key] {
  try {
    return [key(id)];
  } catch (error) {
    if (isDomainError(error)) return [];
    throw error;
  }
}

/** Several kinds of rows are one kind of objects; each has ids that begin with its prefix. */
const oneAfterTheOther = (parts: readonly { readonly prefix: string; readonly source: Source }[]): Source => ({
  page: async (tx, after, limit) => {
    const first = after === null ? 0 : parts.findIndex(({ prefix }) => after.startsWith(prefix));
    if (first < 0) throw notFound('ipAddress', after ?? '');
    const objects: LocalObject[] = [];
    for (const [index, part] of parts.slice(first).entries())
      if (objects.length < limit) objects.push(...(await part.source.page(tx, index === 0 ? after : null, limit - objects.length)));
    return objects;
  },
  byIds: async (tx, ids) => {
    const objects: LocalObject[] = [];
    for (const { prefix, source: of } of parts)
      objects.push(
        ...(await of.byIds(
          tx,
          ids.filter((id) => id.startsWith(prefix)),
        )),
      );
    return objects;
  },
});

const publicId =
  <Id extends string>(kind: IdKind) =>
  (id: string): Id =>
    decodeId<Id>(kind, id);
