import { Injectable } from '@nestjs/common';
import { AuditService, EventService, OutboxService } from '#contexts/events';
import type { Tx } from '#platform';
import type { DeploymentPlan } from './domain/plan.js';

/** What happened to a plan is told three times: to whoever looks back (audit), to whoever watches (events), and to what waits (outbox). */
@Injectable()
export class Incidents {
  constructor(
    private readonly audit: AuditService,
    private readonly events: EventService,
    private readonly outbox: OutboxService,
  ) {}

  async record(
    tx: Tx,
    plan: Pick<DeploymentPlan, 'id' | 'fabricId' | 'digest' | 'createdBy'>,
    action: string,
    reason: string | null,
  ): Promise<void> {
    const detail = { digest: plan.digest, reason, plannedBy: plan.createdBy };
    await this.audit.append(tx, { tenantId: null, action, subjectKind: 'plan', subjectId: plan.id, detail });
    await this.events.append(tx, { tenantId: null, type: action, subjectId: plan.id, body: detail });
    await this.outbox.append(tx, 'deployment.settled', plan.fabricId);
  }
}
