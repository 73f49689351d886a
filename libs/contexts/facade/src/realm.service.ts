import { Injectable } from '@nestjs/common';
import { AddressLookup, type Realm } from '#contexts/addressing';
import { TenancyService } from '#contexts/tenancy';
import type { AddressSpaceId, Cidr, PrefixPoolId } from '#engines/kernel';
import { Database, type Scope, type Tx } from '#platform';
import type { Call } from './domain/call.js';
import type { Facade } from './domain/facade.js';
import type { Surroundings } from './domain/netbox-objects.js';
import { wrongField } from './domain/netbox-refusal.js';
import { FacadeStore } from './store/facade.store.js';

export interface PoolRange {
  readonly poolId: PrefixPoolId;
  readonly spaceId: AddressSpaceId;
  readonly cidr: Cidr;
}

/** Where a request stands: what its façade may see, and what is written around every object of it. */
export interface Ground {
  readonly around: Surroundings;
  readonly realm: Realm;
  readonly ranges: readonly PoolRange[];
}

type Known = Omit<Ground, 'around'> & { readonly around: Omit<Surroundings, 'base'> };

/** As long as a token is remembered: a name or a range of a pool that changes is seen after it. */
const REMEMBERED_MS = 3000;
const MOST_REMEMBERED = 1000;

/** What a façade may see: its tenant, its VRF, the address spaces of its pools. */
@Injectable()
export class RealmService {
  private readonly remembered = new Map<string, { readonly known: Known; readonly until: number }>();
  /** Who asks while it is looked up waits for the same look. */
  private readonly loading = new Map<string, Promise<Known>>();

  constructor(
    private readonly db: Database,
    private readonly tenancy: TenancyService,
    private readonly lookup: AddressLookup,
    private readonly store: FacadeStore,
  ) {}

  async ground({ facade, scope, base }: Pick<Call, 'facade' | 'scope' | 'base'>): Promise<Ground> {
    const found = this.remembered.get(facade.id);
    const known = found && found.until > performance.now() ? found.known : await this.loadOnce(facade, scope);
    return { ...known, around: { ...known.around, base } };
  }

  private loadOnce(facade: Facade, scope: Scope): Promise<Known> {
    const under = this.loading.get(facade.id);
    if (under) return under;
    const load = this.load(facade, scope).finally(() => this.loading.delete(facade.id));
    this.loading.set(facade.id, load);
    return load;
  }

  private async load(facade: Facade, scope: Scope): Promise<Known> {
    const known = await this.db.inTransaction(scope, async (tx) => {
      const ranges = await this.lookup.ranges(tx, facade.poolIds);
      const spaceIds = [...new Set(ranges.map(({ spaceId }) => spaceId))];
      const realm: Realm = { tenantId: facade.tenantId, vrfId: facade.vrfId, spaceIds };
      return { ranges, realm, around: await this.surroundings(tx, facade) };
    });
    if (this.remembered.size >= MOST_REMEMBERED) this.remembered.clear();
    this.remembered.set(facade.id, { known, until: performance.now() + REMEMBERED_MS });
    return known;
  }

  private async surroundings(tx: Tx, { tenantId, vrfId }: Facade): Promise<Known['around']> {
    const { name, slug } = await this.tenancy.tenant(tx, tenantId);
    const [tenantNumber] = await this.store.numbers(tx, tenantId, 'tenant', [tenantId]);
    const tenant = { number: tenantNumber as number, name, slug };
    if (vrfId === null) return { tenant, vrf: null };
    const vrf = await this.tenancy.vrf(tx, vrfId);
    const [vrfNumber] = await this.store.numbers(tx, tenantId, 'vrf', [vrfId]);
    return { tenant, vrf: { number: vrfNumber as number, name: vrf.name } };
  }

  /** Whether filters by VRF and tenant mean this façade's; a façade has one of each. */
  isMeant({ vrf, tenant }: Surroundings, filters: ReadonlyMap<string, readonly string[]>): boolean {
    const means = (name: string, own: string): boolean => filters.get(name)?.every((asked) => asked === own) ?? true;
    return means('vrf_id', String(vrf?.number ?? 'null')) && means('tenant_id', String(tenant.number));
  }

  /** @throws NetBoxRefusal 400 when a body names another VRF or tenant than the façade's, or what is not kept here. */
  checkBody({ vrf, tenant }: Surroundings, body: Readonly<Record<string, unknown>>): void {
    const own = (field: string, value: unknown, number: number | null, name: string | null): void => {
      const asked = typeof value === 'object' && value !== null ? (value as { id?: unknown; name?: unknown }) : { id: value };
      if (value === undefined || asked.id === number || (asked.id === undefined && asked.name === name)) return;
      throw wrongField(field, `This token is for ${name === null ? 'objects without one' : `${name} (${number})`} only.`);
    };
    own('vrf', body['vrf'], vrf?.number ?? null, vrf?.name ?? null);
    own('tenant', body['tenant'], tenant.number, tenant.name);
    if (body['status'] !== undefined && body['status'] !== 'active') throw wrongField('status', 'Only active is kept here.');
    for (const field of NOT_KEPT) if (!isEmpty(body[field])) throw wrongField(field, 'This is not kept here.');
  }
}

/** What a NetBox would write down. What it does not know itself it passes over, and so does this. */
const NOT_KEPT = [
  'tags',
  'add_tags',
  'custom_fields',
  'role',
  'comments',
  'owner',
  'assigned_object_type',
  'assigned_object_id',
  'nat_inside',
  'scope_type',
  'scope_id',
  'site',
  'vlan',
  'is_pool',
  'mark_utilized',
  'mark_populated',
  'prefix_length',
] as const;

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  value === false ||
  (typeof value === 'object' && Object.keys(value).length === 0);
