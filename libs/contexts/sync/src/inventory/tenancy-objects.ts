/** Rows of tenancy and of VLANs as objects of the inventory. */
import { compareNatural, encodeId, type RouteTarget, Slug, type TenantId, type VlanDomainId, type VrfId } from '#engines/kernel';
import type { Ref, ValueSet } from '#engines/reconcile';
import type { ListedVlan, ListedVlanDomain } from '#contexts/fabric';
import type { ListedNetwork, ListedRouteTarget, ListedTenant, ListedVrf } from '#contexts/tenancy';
import { targetIds, vlanIds } from './local-ids.js';
import type { LocalObject } from './local-inventory.js';

export const tenantRef = (id: TenantId): Ref => ({ kind: 'tenant', id: encodeId('tenant', id) });
export const vrfRef = (id: VrfId | null): Ref | null => (id === null ? null : { kind: 'vrf', id: encodeId('vrf', id) });
const groupRef = (id: VlanDomainId): Ref => ({ kind: 'vlanGroup', id: encodeId('vlanDomain', id) });

const targets = (texts: readonly RouteTarget[]): ValueSet =>
  [...texts].sort(compareNatural).map((text) => ({ kind: 'routeTarget', id: targetIds.of(text) }));

/**
 * What a network is called where names are unique. What Trame makes has its VNI in its slug, and labels repeat: the slug. What was adopted has the name
 * that it came with.
 */
export const networkTitle = ({ slug, name, vni }: Pick<ListedNetwork, 'slug' | 'name' | 'vni'>): string =>
  slug === `${Slug.fromLabel(name) || 'net'}-${vni}` ? slug : name;

const STATUS: Readonly<Record<ListedNetwork['state'], string>> = {
  PLANNED: 'reserved',
  PROVISIONING: 'reserved',
  ACTIVE: 'active',
  DEGRADED: 'active',
  DEPROVISIONING: 'deprecated',
};

export const tenantObject = ({ id, slug, name, description }: ListedTenant): LocalObject => ({
  id: encodeId('tenant', id),
  fields: { name, slug, description },
});

export const routeTargetObject = ({ text, tenantId }: ListedRouteTarget): LocalObject => ({
  id: targetIds.of(text),
  fields: { name: text, tenant: tenantId === null ? null : tenantRef(tenantId) },
});

export const vrfObject = ({ id, tenantId, name, importTargets, exportTargets, description }: ListedVrf): LocalObject => ({
  id: encodeId('vrf', id),
  fields: { name, tenant: tenantRef(tenantId), importTargets: targets(importTargets), exportTargets: targets(exportTargets), description },
});

/** Slugs of VLAN domains are a fabric's own, those of groups everybody's: one that several fabrics have is named with its fabric. */
export const vlanGroupSlug = ({ slug, fabric, isShared }: ListedVlanDomain): string => (isShared ? `${fabric}-${slug}` : slug);

export const vlanGroupObject = (row: ListedVlanDomain): LocalObject => ({
  id: encodeId('vlanDomain', row.id),
  fields: { name: vlanGroupSlug(row), slug: vlanGroupSlug(row) },
});

export const vlanObject = (row: ListedVlan): LocalObject => ({
  id: vlanIds.of(row),
  fields: {
    vid: row.vlan,
    name: networkTitle(row),
    group: groupRef(row.vlanDomainId),
    tenant: tenantRef(row.tenantId),
    status: STATUS[row.state],
  },
});

export const l2vpnObject = (row: ListedNetwork): LocalObject => ({
  id: encodeId('network', row.id),
  fields: {
    name: networkTitle(row),
    slug: row.slug,
    identifier: row.vni,
    tenant: tenantRef(row.tenantId),
    status: STATUS[row.state],
    importTargets: targets(row.importTargets),
    exportTargets: targets(row.exportTargets),
    description: row.description,
  },
});

export const terminationObject = (row: ListedVlan): LocalObject => ({
  id: vlanIds.of(row),
  fields: { l2vpn: { kind: 'l2vpn', id: encodeId('network', row.networkId) }, vlan: { kind: 'vlan', id: vlanIds.of(row) } },
});
