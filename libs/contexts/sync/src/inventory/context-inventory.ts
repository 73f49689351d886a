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
    const vteps = { page: fabric.vteps.bind(fabric), byKeys: fabric.vtepsById.bind(fabric), key: publicId<VtepId>('vtep') };
    const vlans = { page: fabric.vlans.bind(fabric), byKeys: fabric.vlansAt.bind(fabric), key: vlanIds.parse };
    this.sources = {
      tenant: source({
        page: tenancy.tenants.bind(tenancy),
        byKeys: tenancy.tenantsById.bind(tenancy),
        key: publicId<TenantId>('tenant'),
        toObject: tenantObject,
      }),
      routeTarget: source({
        page: tenancy.routeTargets.bind(tenancy),
        byKeys: tenancy.routeTargetsByText.bind(tenancy),
        key: targetIds.parse,
        toObject: routeTargetObject,
      }),
      vrf: source({
        page: tenancy.vrfs.bind(tenancy),
        byKeys: tenancy.vrfsById.bind(tenancy),
        key: publicId<VrfId>('vrf'),
        toObject: vrfObject,
      }),
      vlanGroup: source({
        page: fabric.vlanDomains.bind(fabric),
        byKeys: fabric.vlanDomainsById.bind(fabric),
        key: publicId<VlanDomainId>('vlanDomain'),
        toObject: vlanGroupObject,
      }),
      vlan: source({ ...vlans, toObject: vlanObject }),
      l2vpn: source({
        page: tenancy.networks.bind(tenancy),
        byKeys: tenancy.networksById.bind(tenancy),
        key: publicId<NetworkId>('network'),
        toObject: l2vpnObject,
      }),
      l2vpnTermination: source({ ...vlans, toObject: terminationObject }),
      prefix: source({
        page: addressing.prefixes.bind(addressing),
        byKeys: addressing.prefixesById.bind(addressing),
        key: publicId<PrefixId>('prefix'),
        toObject: prefixObject,
      }),
      ipRange: source({
        page: addressing.ranges.bind(addressing),
        byKeys: addressing.rangesAt.bind(addressing),
        key: rangeIds.parse,
        toObject: ipRangeObject,
      }),
      asn: source({ page: fabric.asns.bind(fabric), byKeys: fabric.asnsAmong.bind(fabric), key: asnIds.parse, toObject: asnObject }),
      device: source({
        page: fabric.devices.bind(fabric),
        byKeys: fabric.devicesById.bind(fabric),
        key: publicId<DeviceId>('device'),
        toObject: deviceObject,
      }),
      interface: source({ ...vteps, toObject: interfaceObject }),
      // In the order of their texts.
      ipAddress: oneAfterTheOther([
        {
          prefix: 'ip_',
          source: source({
            page: addressing.addresses.bind(addressing),
            byKeys: addressing.addressesById.bind(addressing),
            key: publicId<IpAddressId>('ipAddress'),
            toObject: ipAddressObject,
          }),
        },
        {
          prefix: 'pair-',
          source: source({
            page: fabric.sharedVteps.bind(fabric),
            byKeys: fabric.sharedVtepsOf.bind(fabric),
            key: pairIds.parse,
            toObject: sharedVtepObject,
          }),
        },
        { prefix: 'vtep_', source: source({ ...vteps, toObject: vtepAddressObject }) },
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

interface SourceParts<Key, Row> {
  page(tx: Tx, stretch: Stretch<Key>): Promise<Row[]>;
  byKeys(tx: Tx, keys: readonly Key[]): Promise<Row[]>;
  /** @throws DomainError for a text that is no id. */
  key(id: string): Key;
  toObject(row: Row): LocalObject;
}

const source = <Key, Row>({ page, byKeys, key, toObject }: SourceParts<Key, Row>): Source => ({
  page: async (tx, after, limit) => (await page(tx, { after: after === null ? null : key(after), limit })).map(toObject),
  byIds: async (tx, ids) => {
    const keys = ids.flatMap((id) => keyIfAny(key, id));
    return keys.length === 0 ? [] : (await byKeys(tx, keys)).map(toObject);
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
