import { Injectable } from '@nestjs/common';
import { AuditService } from '#contexts/events';
import { invalidValue, notFound, type VrfId } from '#engines/kernel';
import { type Tx, violatedConstraint } from '#platform';
import { overlapsInVrf } from './domain/errors.js';
import { VrfRouteStore } from './store/vrf-route.store.js';

/** Which VRFs see what is in others. Prefixes that are seen together never overlap: `vrf_route_disjoint`. Operator only. */
@Injectable()
export class VrfLeakService {
  constructor(
    private readonly store: VrfRouteStore,
    private readonly audit: AuditService,
  ) {}

  /**
   * From now on what is in `from` is seen in `into`, too; not the other way, and not what leaks into `from`. Again is no error.
   * @throws NOT_FOUND | INVALID_VALUE | OVERLAPS, with the prefixes of both that meet.
   */
  async leak(tx: Tx, from: VrfId, into: VrfId): Promise<void> {
    if (from === into) throw invalidValue('VRF', into, 'another VRF than the one it leaks from');
    await this.store.lock(tx, from, into);
    for (const id of [from, into]) if (!(await this.store.exists(tx, id))) throw notFound('vrf', id);
    const meeting = await this.store.meeting(tx, from, into);
    if (meeting.length > 0) throw overlapsInVrf(null, [...new Set(meeting.flatMap((pair) => [pair.from, pair.into]))]);
    try {
      if (!(await this.store.leak(tx, from, into))) return;
    } catch (error) {
      if (violatedConstraint(error)?.startsWith('vrf_route_disjoint')) throw overlapsInVrf(null, [], error);
      throw error;
    }
    await this.audit.append(tx, { tenantId: null, action: 'vrf.leaked', subjectKind: 'vrf', subjectId: into, detail: { from } });
  }

  /** Not there is no error. */
  async unleak(tx: Tx, from: VrfId, into: VrfId): Promise<void> {
    await this.store.lock(tx, from, into);
    if (await this.store.unleak(tx, from, into))
      await this.audit.append(tx, { tenantId: null, action: 'vrf.unleaked', subjectKind: 'vrf', subjectId: into, detail: { from } });
  }

  /** The VRFs whose prefixes are seen in this one. */
  leakingInto(tx: Tx, into: VrfId): Promise<VrfId[]> {
    return this.store.leakingInto(tx, into);
  }
}
