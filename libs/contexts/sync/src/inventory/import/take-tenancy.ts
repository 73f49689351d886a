import { Injectable } from '@nestjs/common';
import { AuditService } from '#contexts/events';
import { FabricListing, PlaceService } from '#contexts/fabric';
import { type ClaimedNumber, type NumberClaim, NumberingService, type NumberKind } from '#contexts/numbering';
import { type Network, type RunningTarget, TenancyListing, TenancyService } from '#contexts/tenancy';
import {
  decodeId,
  encodeId,
  isDomainError,
  Label,
  type NetworkId,
  RouteTarget,
  Slug,
  type TenantId,
  type VlanDomainId,
  VlanId,
  Vni,
} from '#engines/kernel';
import { targetIds, vlanIds } from '../local-ids.js';
import { vlanGroupSlug } from '../tenancy-objects.js';
import { keyOf, localRef, refusal, remoteRef, type Taking, textOf } from './taking.js';

/** Bytes that a guest may use of 1500 in the underlay; what a network has beside is not known there. */
const GUEST_MTU = 1450;

/** Tenants, VRFs, networks and their VLANs that another system knows, with the numbers that they have there. */
@Injectable()
export class TakeTenancy {
  constructor(
    private readonly tenancy: TenancyService,
    private readonly listing: TenancyListing,
    private readonly numbering: NumberingService,
    private readonly places: PlaceService,
    private readonly vlans: FabricListing,
    private readonly audit: AuditService,
  ) {}

  /** @returns its id, as the next. @throws DomainError INVALID_VALUE | ALREADY_EXISTS. */
  async tenant(taking: Taking): Promise<string> {
    // As it is there: by their slug the two are found to be one.
    const slug = Slug.parse(taking.object.fields['slug']);
    const { id } = await this.tenancy.createTenant(taking.tx, { slug, name: Label.parse(taking.object.fields['name']) });
    return encodeId('tenant', id);
  }

  /** The number of a target is the L3 VNI where a pool has it to give, and the next of the pool otherwise: they keep none. */
  async vrf(taking: Taking): Promise<string> {
    const { tx, places } = taking;
    const { fabricId } = places;
    const tenantId = tenantOf(taking);
    const name = Label.parse(taking.object.fields['name']);
    const targets = await this.targets(taking);
    const l3vni = await this.l3vni(taking, tenantId, targets);
    const evi = await this.next(taking, 'EVI', { tenantId, holder: 'vrf', key: keyOf(taking, 'vrf', 'evi') });
    const id = await this.tenancy.adoptVrf(tx, {
      tenantId,
      fabricId,
      slug: Slug.parse(Slug.fromLabel(name)),
      name,
      deviceName: `vrf${l3vni.value}`,
      l3vni,
      evi,
      targets,
    });
    await this.audit.append(tx, {
      tenantId,
      action: 'vrf.adopted',
      subjectKind: 'vrf',
      subjectId: id,
      detail: { l3vni: l3vni.value, from: places.source },
    });
    return encodeId('vrf', id);
  }

  /** A network has a VNI: that of the L2VPN. */
  async l2vpn(taking: Taking): Promise<string> {
    const { tx, places, object } = taking;
    const { fabricId } = places;
    const identifier = object.fields['identifier'];
    if (identifier === null || identifier === undefined)
      throw refusal('INVALID_VALUE', 'it has no identifier there, and a network has a VNI');
    const vni = Vni.parse(identifier);
    const tenantId = tenantOf(taking);
    const poolId = await this.numbering.poolHolding(tx, fabricId, 'VNI', vni);
    const claimed = await this.numbering.claim(tx, {
      poolId,
      tenantId,
      holder: 'network',
      key: keyOf(taking, 'l2vpn', 'vni'),
      prefer: vni,
    });
    const network = await this.tenancy.adoptNetwork(tx, {
      tenantId,
      fabricId,
      vrfId: null,
      slug: Slug.parse(slugOf(taking)),
      name: Label.parse(object.fields['name']),
      vni: claimed,
      evi: await this.next(taking, 'EVI', { tenantId, holder: 'network', key: keyOf(taking, 'l2vpn', 'evi') }),
      mtu: GUEST_MTU,
      targets: await this.targets(taking),
      facts: {},
    });
    const detail = { slug: network.slug, vni, from: places.source };
    await this.audit.append(tx, { tenantId, action: 'network.adopted', subjectKind: 'network', subjectId: network.id, detail });
    return encodeId('network', network.id);
  }

  /** The VLAN of a network, where its group there is a VLAN domain of ours. */
  async termination(taking: Taking): Promise<string> {
    const { tx, object, beside } = taking;
    const l2vpn = localRef(taking, 'l2vpn');
    const vlanId = remoteRef(object.fields['vlan']);
    const vlan = vlanId === null ? undefined : beside.get(`vlan ${vlanId}`);
    if (l2vpn === null || vlan === undefined)
      throw refusal('INVALID_VALUE', 'it ends on no VLAN there; places of networks are said by orders');
    const group = localRef({ ...taking, object: vlan }, 'group');
    if (group === null) throw refusal('INVALID_VALUE', 'its VLAN has no group there; a VLAN here is of a VLAN domain');
    const key = { vlanDomainId: decodeId<VlanDomainId>('vlanDomain', group), networkId: decodeId<NetworkId>('network', l2vpn) };
    if ((await this.vlans.vlansAt(tx, [key])).length > 0)
      throw refusal('INVALID_STATE', 'its network has a VLAN in that VLAN domain already, and may have one');
    const network = await this.tenancy.network(tx, key.networkId);
    await this.mapVlan(taking, network, key.vlanDomainId, VlanId.parse(vlan.fields['vid']));
    return vlanIds.of(key);
  }

  /** A target is of whatever has it. @returns undefined where nothing of ours has. */
  async routeTarget(taking: Taking): Promise<string> {
    const text = RouteTarget.parse(taking.object.fields['name']);
    const [ours] = await this.listing.routeTargetsByText(taking.tx, [text]);
    if (!ours) throw refusal('NOT_FOUND', 'no VRF and no network that was taken has it');
    return targetIds.of(text);
  }

  /** VLAN domains are of devices, and there before: that of the name. */
  async vlanGroup(taking: Taking): Promise<string> {
    const slug = textOf(taking, 'slug');
    const domains = await this.vlans.vlanDomainsOf(taking.tx, taking.places.fabricId);
    const domain = domains.find((each) => vlanGroupSlug(each) === slug);
    if (domain) return encodeId('vlanDomain', domain.id);
    throw refusal(
      'NOT_FOUND',
      `no VLAN domain of the fabric is called ${slug}: there are ${domains.map(vlanGroupSlug).join(', ') || 'none'}`,
    );
  }

  private async mapVlan(taking: Taking, network: Network, vlanDomainId: VlanDomainId, vlan: VlanId): Promise<void> {
    const { tx, places } = taking;
    const claimed = await this.numbering.claim(tx, {
      poolId: await this.numbering.poolHolding(tx, places.fabricId, 'VLAN', vlan, vlanDomainId),
      tenantId: network.tenantId,
      holder: 'vlan_mapping',
      key: keyOf(taking, 'vlan'),
      prefer: vlan,
    });
    await this.places.adoptPlaces(tx, network, [], new Map([[vlanDomainId, claimed]]));
  }

  /** Those that are no targets, and those that another has, are left out. */
  private async targets(taking: Taking): Promise<RunningTarget[]> {
    const { tx, object, beside } = taking;
    const texts = (field: string): Set<RouteTarget> => {
      const list = object.fields[field];
      const named = new Set<RouteTarget>();
      for (const ref of Array.isArray(list) ? list : []) {
        const target = beside.get(`routeTarget ${remoteRef(ref)}`);
        const text = typeof ref === 'string' ? ref : target?.fields['name'];
        try {
          named.add(RouteTarget.parse(text));
        } catch (error) {
          if (!isDomainError(error)) throw error;
          taking.note(`a route target is left out: ${error.message}`);
        }
      }
      return named;
    };
    const [imported, exported] = [texts('importTargets'), texts('exportTargets')];
    const all = [...new Set([...imported, ...exported])];
    const taken = new Set((await this.listing.routeTargetsByText(tx, all)).map(({ text }) => text));
    for (const text of all.filter((each) => taken.has(each)))
      taking.note(`the route target ${text} is left out: another VRF or network has it, and a target here has one owner`);
    return all
      .filter((text) => !taken.has(text))
      .map((target) => ({ target, direction: !exported.has(target) ? 'IMPORT' : !imported.has(target) ? 'EXPORT' : null }));
  }

  private async l3vni(taking: Taking, tenantId: TenantId, targets: readonly RunningTarget[]): Promise<ClaimedNumber> {
    const claim = { tenantId, holder: 'vrf', key: keyOf(taking, 'vrf', 'l3vni') } as const;
    for (const { target } of targets) {
      const prefer = Number(target.split(':')[1]);
      try {
        const poolId = await this.numbering.poolHolding(taking.tx, taking.places.fabricId, 'L3VNI', prefer);
        return await this.numbering.claim(taking.tx, { ...claim, poolId, prefer });
      } catch (error) {
        if (!isDomainError(error) || !['OUT_OF_RANGE', 'ALREADY_EXISTS'].includes(error.code)) throw error;
      }
    }
    return this.next(taking, 'L3VNI', claim);
  }

  private async next({ tx, places }: Taking, kind: NumberKind, claim: Omit<NumberClaim, 'poolId'>): Promise<ClaimedNumber> {
    return this.numbering.claim(tx, { ...claim, poolId: await this.numbering.poolOf(tx, places.fabricId, kind) });
  }
}

/** @throws DomainError NOT_FOUND: it has none there, and nobody said whose it is then. */
export function tenantOf(taking: Taking): TenantId {
  const id = localRef(taking, 'tenant');
  if (id !== null) return decodeId<TenantId>('tenant', id);
  if (taking.places.tenantId === null) throw refusal('NOT_FOUND', 'it has no tenant there, and none was named for what has none');
  return taking.places.tenantId;
}

/** Slugs there may have characters that reach no device here; networks are found to be one by their VNI. */
function slugOf(taking: Taking): string {
  const slug = textOf(taking, 'slug');
  try {
    return Slug.parse(slug);
  } catch (error) {
    if (!isDomainError(error)) throw error;
    const made = Slug.parse(Slug.fromLabel(Label.parse(slug === '' ? taking.object.fields['name'] : slug)));
    taking.note(`its slug is ${made} here: ${error.message}`);
    return made;
  }
}
