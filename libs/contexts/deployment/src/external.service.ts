import { Injectable } from '@nestjs/common';
import { AuditService, OutboxService } from '#contexts/events';
import { FabricService, SecretService } from '#contexts/fabric';
import { type DeviceId, digest as digestOf, DomainError, notFound, type PlanId } from '#engines/kernel';
import type { Artefact } from '#engines/rendering';
import { Database, systemScope, type Tx } from '#platform';
import { compareDevice } from './domain/drift-compare.js';
import type { DriftFinding } from './domain/drift.js';
import type { DriftReport } from './domain/drift-report.js';
import { commandsOf } from './domain/external/snippet.js';
import type { DeploymentPlan, DeviceRecord, PlanItem } from './domain/plan.js';
import { secretsOf } from './domain/pushed-artefacts.js';
import { DriftCollector } from './drift-collector.js';
import { ExternalKeeper } from './external-keeper.js';
import { asCollected, type HandedText, handedIn } from './external-text.js';
import { notIn, PlannerService, stale } from './planner.service.js';
import { type DeviceCollection, secretNames } from './ports/index.js';
import { DeviceStateStore } from './store/device-state.store.js';
import { DriftStore } from './store/drift.store.js';
import { ExternalStore } from './store/external.store.js';
import { PlanStore } from './store/plan.store.js';
import { SteeringStore } from './store/steering.store.js';

/** What a person has seen and put in force. */
export interface SeenPlan {
  readonly id: PlanId;
  readonly digest: string;
}

/**
 * CONFIRMED: it is what was asked, and the plan knows. REFUSED: it is not, and the device is still asked for it. CLEAN and DRIFT: nothing was asked
 * of the device; the text was compared with what was confirmed last.
 */
export interface HandedIn {
  readonly verdict: 'CONFIRMED' | 'REFUSED' | 'CLEAN' | 'DRIFT';
  readonly plan: DeploymentPlan | null;
  readonly differences: readonly DriftFinding[];
  /** By path what leads from the text to what is asked; null where we do not know the device's language. */
  readonly commands: ReadonlyMap<string, string | null>;
  readonly report: DriftReport | null;
}

interface Asked {
  readonly plan: DeploymentPlan;
  readonly item: PlanItem;
}
interface Confirmation {
  readonly by: 'WORD' | 'TEXT';
  readonly comment: string | null;
  readonly textDigest?: string;
}

/**
 * Devices that a person, or another tool, configures: what they were asked for is confirmed by somebody's word, or by what runs on them. Nothing here
 * speaks to a device, and no text is kept.
 */
@Injectable()
export class ExternalService {
  constructor(
    private readonly db: Database,
    private readonly store: ExternalStore,
    private readonly keeper: ExternalKeeper,
    private readonly planner: PlannerService,
    private readonly plans: PlanStore,
    private readonly steering: SteeringStore,
    private readonly devices: DeviceStateStore,
    private readonly fabric: FabricService,
    private readonly secrets: SecretService,
    private readonly drift: DriftStore,
    private readonly collector: DriftCollector,
    private readonly audit: AuditService,
    private readonly outbox: OutboxService,
  ) {}

  /** Plans whose devices wait for a person, the oldest first. */
  waiting(actor: string): Promise<DeploymentPlan[]> {
    return this.db.inTransaction(systemScope(actor), async (tx) => {
      const plans: DeploymentPlan[] = [];
      for (const id of await this.store.waiting(tx)) plans.push((await this.plans.byId(tx, id)) as DeploymentPlan);
      return plans;
    });
  }

  /**
   * Somebody's word that it is in force. Said twice it is said once.
   * @throws DomainError NOT_FOUND | INVALID_VALUE (not such a device of the plan) | PLAN_STALE (another digest, or the fabric asks for something
   * else by now) | INVALID_STATE (the plan is over, or not that far).
   */
  async confirm(actor: string, seen: SeenPlan, deviceId: DeviceId, comment: string | null): Promise<DeploymentPlan> {
    const plan = await this.db.inTransaction(systemScope(actor), (tx) => this.plans.byId(tx, seen.id));
    if (!plan) throw notFound('plan', seen.id);
    if (itemOf(plan, seen.digest, deviceId).state === 'VERIFIED') return plan;
    await this.refuseUnlessWanted(plan, deviceId);
    return this.settle(actor, seen, deviceId, { by: 'WORD', comment });
  }

  /**
   * What runs on the device, as somebody collected it. Where something was asked of the device it is compared with that, otherwise with what was
   * confirmed last. @param seen null: whatever the device is asked for. @throws as `confirm`, and INVALID_STATE where Trame reads the device itself.
   */
  async handIn(actor: string, deviceId: DeviceId, texts: readonly HandedText[], seen: SeenPlan | null): Promise<HandedIn> {
    const { asked, record, device } = await this.db.inTransaction(systemScope(actor), async (tx) => {
      const found = await this.fabric.device(tx, deviceId);
      if (!(await this.fabric.externals(tx, found.fabricId)).has(deviceId)) throw readByUs(found.slug);
      const id = seen?.id ?? (await this.store.planWaitingFor(tx, deviceId));
      const plan = id === undefined ? undefined : await this.plans.byId(tx, id);
      if (seen && !plan) throw notFound('plan', seen.id);
      const item = plan && itemOf(plan, seen?.digest ?? plan.digest, deviceId);
      if (plan && item) refuseUnlessAsked(plan, item);
      return {
        device: found,
        asked: plan && item ? ({ plan, item } satisfies Asked) : null,
        record: await this.devices.record(tx, deviceId),
      };
    });
    if (asked) await this.refuseUnlessWanted(asked.plan, deviceId);
    const intent = asked?.item.intent ?? record?.verifiedIntent;
    if (!intent) throw nothingKnown(device.slug);
    const artefacts = asked?.item.artefacts ?? record?.verifiedArtefacts ?? [];
    const former = [...(record?.verifiedArtefacts ?? []), ...(record?.uncertainArtefacts ?? [])];
    const known = uniquePaths([...artefacts, ...(asked ? former : [])]);
    const collected = await this.concealed(actor, device, handedIn(intent, texts, known), known);
    return asked
      ? this.compareWithAsked(actor, asked, record, collected)
      : this.compareWithConfirmed(actor, deviceId, device.slug, collected);
  }

  private async compareWithAsked(
    actor: string,
    { plan, item }: Asked,
    record: DeviceRecord | undefined,
    collected: DeviceCollection,
  ): Promise<HandedIn> {
    const former = [...(record?.verifiedArtefacts ?? []), ...(record?.uncertainArtefacts ?? [])];
    const { findings } = compareDevice(
      {
        deviceId: item.deviceId,
        slug: item.slug,
        verifiedDigest: item.desiredDigest,
        verifiedArtefacts: item.artefacts,
        unconfirmed: [],
        former,
        secondsSincePush: null,
        kept: item.intent.adopted?.kept ?? [],
      },
      collected,
    );
    const differences = [...findings, ...remains(item.artefacts, former, collected)];
    const textDigest = digestOf([...collected.actual]);
    if (differences.length === 0) {
      const confirmed = await this.settle(actor, plan, item.deviceId, { by: 'TEXT', comment: null, textDigest });
      await this.collector.takeHandedIn(item.deviceId, collected);
      return { verdict: 'CONFIRMED', plan: confirmed, differences, commands: new Map(), report: await this.report(actor, item.deviceId) };
    }
    await this.tell(actor, item.deviceId, { verdict: 'REFUSED', plan: plan.id, differences: differences.length, textDigest });
    const commands = new Map(
      item.artefacts.map((artefact) => {
        const texts = former.filter(({ path }) => path === artefact.path).map(({ content }) => content);
        return [artefact.path, commandsOf(artefact, texts, collected.actual.get(artefact.path) ?? '')];
      }),
    );
    return { verdict: 'REFUSED', plan, differences, commands, report: null };
  }

  private async compareWithConfirmed(actor: string, deviceId: DeviceId, slug: string, collected: DeviceCollection): Promise<HandedIn> {
    const outcome = await this.collector.takeHandedIn(deviceId, collected);
    if (outcome !== 'CLEAN' && outcome !== 'DRIFT') throw nothingKnown(slug);
    const report = await this.report(actor, deviceId);
    await this.tell(actor, deviceId, {
      verdict: outcome,
      plan: null,
      differences: report?.items.length ?? 0,
      textDigest: digestOf([...collected.actual]),
    });
    return { verdict: outcome, plan: null, differences: report?.items ?? [], commands: new Map(), report };
  }

  /** The device carries it: from here on that is what is known of it, and what a rollback goes back from. */
  private settle(actor: string, seen: SeenPlan, deviceId: DeviceId, { by, comment, textDigest }: Confirmation): Promise<DeploymentPlan> {
    return this.db.inTransaction(systemScope(actor), async (tx) => {
      await this.store.lock(tx, seen.id);
      const plan = await this.plans.byId(tx, seen.id);
      if (!plan) throw notFound('plan', seen.id);
      const item = itemOf(plan, seen.digest, deviceId);
      if (item.state === 'VERIFIED') return plan;
      refuseUnlessAsked(plan, item);
      const sent = secretsOf(item.artefacts, await this.secrets.versions(tx, plan.fabricId));
      await this.devices.confirm(tx, deviceId, item.desiredDigest, item.artefacts, item.intent, sent);
      await this.devices.succeeded(tx, [deviceId]);
      await this.plans.setItem(tx, plan.id, deviceId, 'VERIFIED');
      await this.store.confirmed(tx, plan.id, deviceId, actor);
      await this.steering.unbar(tx, deviceId, item.desiredDigest);
      // Taken back is not where the fabric wants it: the planner says when it is.
      if (plan.rollbackOf === null) await this.fabric.reportVerified(tx, [deviceId], plan.targetRevision);
      await this.audit.append(tx, {
        tenantId: null,
        action: 'plan.external_confirmed',
        subjectKind: 'plan',
        subjectId: plan.id,
        detail: { device: item.slug, digest: plan.digest, by, comment, ...(textDigest !== undefined && { textDigest }) },
      });
      await this.keeper.endWithoutItems(tx, [plan.id]);
      await this.outbox.append(tx, 'deployment.settled', plan.fabricId);
      await this.outbox.append(tx, 'fabric.changed', plan.fabricId);
      return (await this.plans.byId(tx, plan.id)) as DeploymentPlan;
    });
  }

  private async refuseUnlessWanted(plan: DeploymentPlan, deviceId: DeviceId): Promise<void> {
    const item = plan.items.find((one) => one.deviceId === deviceId) as PlanItem;
    refuseUnlessAsked(plan, item);
    if (!(await this.planner.isCurrent({ ...plan, items: [item] })))
      throw stale(plan, `the fabric asks for something else of ${item.slug} by now: look at the newer plan`);
  }

  private async concealed(
    actor: string,
    { slug, fabricId }: Awaited<ReturnType<FabricService['device']>>,
    texts: ReadonlyMap<string, string>,
    known: readonly Artefact[],
  ): Promise<DeviceCollection> {
    const names = [...new Set(known.flatMap(({ content }) => secretNames(content)))];
    const opened = await this.db.inTransaction(systemScope(actor), (tx) => this.secrets.open(tx, fabricId, names));
    const source = { names: [...opened.keys()], resolve: (name: string) => opened.get(name)?.secret.reveal() };
    return asCollected(slug, texts, known, source);
  }

  private report(actor: string, deviceId: DeviceId): Promise<DriftReport | null> {
    return this.db.inTransaction(systemScope(actor), async (tx) => (await this.drift.reportsOf(tx, [deviceId]))[0] ?? null);
  }

  private tell(actor: string, deviceId: DeviceId, detail: object): Promise<void> {
    return this.db.inTransaction(systemScope(actor), (tx: Tx) =>
      this.audit.append(tx, {
        tenantId: null,
        action: 'device.configuration_handed_in',
        subjectKind: 'device',
        subjectId: deviceId,
        detail,
      }),
    );
  }
}

/** Files that are not wanted any more, and are still there. */
function remains(artefacts: readonly Artefact[], former: readonly Artefact[], { actual }: DeviceCollection): readonly DriftFinding[] {
  const gone = uniquePaths(former).filter(({ path }) => !artefacts.some((artefact) => artefact.path === path));
  return gone.flatMap(({ path }): readonly DriftFinding[] =>
    (actual.get(path) ?? null) === null
      ? []
      : [
          {
            kind: 'FOREIGN_IN_OWNED_SECTION',
            path,
            section: [],
            intended: null,
            observed: path,
            risk: 'HIGH',
            likelyCause: 'the file is not wanted any more, and is still there',
            isConfiguration: false,
          },
        ],
  );
}

const uniquePaths = (artefacts: readonly Artefact[]): readonly Artefact[] => [
  ...new Map([...artefacts].reverse().map((artefact) => [artefact.path, artefact])).values(),
];

/** @throws DomainError PLAN_STALE | INVALID_VALUE. */
function itemOf(plan: DeploymentPlan, digest: string, deviceId: DeviceId): PlanItem {
  if (plan.digest !== digest) throw stale(plan, 'this is not the plan that you saw: its digest differs');
  const external = plan.items.filter(({ isExternal }) => isExternal);
  const item = external.find((one) => one.deviceId === deviceId);
  if (item) return item;
  const accepted = `devices of the plan that a person configures: ${external.map(({ slug }) => slug).join(', ') || 'there is none'}`;
  throw new DomainError('INVALID_VALUE', `nobody is asked for this device by the plan: ${accepted}`, { path: ['device'], accepted });
}

/** @throws DomainError INVALID_STATE | PLAN_STALE. */
function refuseUnlessAsked(plan: DeploymentPlan, { state, slug, error }: PlanItem): void {
  if (state === 'AWAITING_PERSON') return;
  if (plan.state === 'AWAITING_PERSON') throw stale(plan, `${slug} is not asked for this any more: ${error?.message ?? state}`);
  throw notIn(plan, ['AWAITING_PERSON']);
}

const readByUs = (slug: string): DomainError<'INVALID_STATE'> =>
  new DomainError('INVALID_STATE', `Trame reads ${slug} itself: ask for a look with checkDrift`, {
    state: 'READ_BY_TRAME',
    allowedStates: ['devices that a person, or another tool, configures'],
  });

const nothingKnown = (slug: string): DomainError<'INVALID_STATE'> =>
  new DomainError('INVALID_STATE', `nothing was ever confirmed on ${slug}, and nobody is asked for anything there`, {
    state: 'NOTHING_CONFIRMED',
    allowedStates: ['devices that a plan asks for, or that have confirmed one'],
  });
