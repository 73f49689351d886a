import { Field, HideField, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { encodeId, type PlanId } from '#engines/kernel';
import { BigCountScalar, DateTimeScalar, SlugScalar, UserError } from '#platform';
import type { Cause } from '../domain/causes.js';
import type { DeploymentPlan, PlanItem } from '../domain/plan.js';
import { hunkTexts } from '../domain/hunks.js';
import type { PlanCheck } from '../domain/plan-checks.js';
import type { Snippet } from '../domain/external/snippet.js';

export enum RiskEnum {
  NONE = 'NONE',
  LOW = 'LOW',
  MEDIUM = 'MEDIUM',
  HIGH = 'HIGH',
}
registerEnumType(RiskEnum, { name: 'Risk' });

export enum PlanStateEnum {
  PROPOSED = 'PROPOSED',
  APPROVED = 'APPROVED',
  APPLYING = 'APPLYING',
  PAUSED = 'PAUSED',
  AWAITING_PERSON = 'AWAITING_PERSON',
  APPLIED = 'APPLIED',
  FAILED = 'FAILED',
  HALTED = 'HALTED',
  CANCELLED = 'CANCELLED',
  SUPERSEDED = 'SUPERSEDED',
  EXPIRED = 'EXPIRED',
}
registerEnumType(PlanStateEnum, {
  name: 'PlanState',
  valuesMap: {
    PAUSED: { description: 'Goes on with `resumePlan`; nothing else of the fabric is pushed meanwhile.' },
    AWAITING_PERSON: {
      description:
        'All that Trame pushes is pushed and proven; what others configure is not confirmed yet. The fabric goes on with other plans.',
    },
    FAILED: { description: 'It went to its end, and not every device is verified.' },
    HALTED: { description: 'A fault or a person stopped it: what is confirmed stays, the rest was undone or not begun.' },
    CANCELLED: { description: 'A person does not want it; policy does not push the rest again.' },
    SUPERSEDED: { description: 'Another plan follows: the fabric asks for something else, or devices are locked.' },
  },
});

export enum CauseKindEnum {
  ATTACHMENT = 'ATTACHMENT',
  DEVICE = 'DEVICE',
  LAG = 'LAG',
  NETWORK = 'NETWORK',
  PAIR = 'PAIR',
  PORT = 'PORT',
  SESSION = 'SESSION',
  SUBNET = 'SUBNET',
  VRF = 'VRF',
}
registerEnumType(CauseKindEnum, { name: 'CauseKind' });

export enum CauseVerbEnum {
  ADDED = 'ADDED',
  CHANGED = 'CHANGED',
  REMOVED = 'REMOVED',
}
registerEnumType(CauseVerbEnum, { name: 'CauseVerb' });

@ObjectType('PlanCause', { description: 'An object whose change is the reason for hunks of the diff.' })
export class PlanCauseObject {
  @Field(() => CauseKindEnum) kind: Cause['kind'];
  @Field({ description: 'Of a session the device at its other end, of a pair its domain, of a port and a LAG their name.' }) slug: string;
  @Field(() => CauseVerbEnum) verb: Cause['verb'];
  @Field(() => String, { nullable: true, description: 'Of a DEVICE what of it, e.g. `vtep`; `rendering`: the same, written otherwise.' })
  subject: string | null;
  @Field(() => ID, { nullable: true, description: 'Of a network, VRF, attachment or device; null where there is none, or none any more.' })
  object: string | null;
}

@ObjectType('PlanHunk', { description: 'A part of the diff, and why it is there.' })
export class PlanHunkObject {
  @Field({ description: 'File, or `running-config`.' }) path: string;
  @Field({ description: 'As in the diff, `@@ …` first.' }) text: string;
  @Field(() => [PlanCauseObject], { description: 'Empty in a plan of an older release.' }) causes: PlanCauseObject[];
}

export enum SnippetActionEnum {
  MERGE = 'MERGE',
  WRITE = 'WRITE',
  REMOVE = 'REMOVE',
}
registerEnumType(SnippetActionEnum, {
  name: 'SnippetAction',
  valuesMap: {
    MERGE: { description: 'These lines belong into what the device runs, beside those of others.' },
    WRITE: { description: 'This is the whole file.' },
    REMOVE: { description: 'The file goes.' },
  },
});

@ObjectType('PlanSnippet', {
  description: 'What a person puts in force. A secret is its name, `@secret:NAME@`: whoever pastes fills it in.',
})
export class PlanSnippetObject implements Snippet {
  @Field({ description: 'File, or `running-config` and the like.' }) path: string;
  @Field(() => SnippetActionEnum) action: Snippet['action'];
  @Field({ description: 'Our lines, or the whole file; empty where it goes.' }) text: string;
  @Field(() => String, {
    nullable: true,
    description: 'Commands that lead there from what was confirmed last, removals included; null where Trame does not know the language.',
  })
  commands: string | null;
}

@ObjectType('PlanDevice')
export class PlanDeviceObject {
  @Field(() => SlugScalar) device: string;
  @Field({ description: 'A person, or another tool, configures it: it is in no wave, and `confirmExternal` says that it is done.' })
  external: boolean;
  @Field(() => [PlanSnippetObject], { description: 'What that person puts in force; empty where Trame pushes.' })
  snippets: readonly PlanSnippetObject[];
  @Field(() => String, { nullable: true, description: 'Who said that it is in force, or handed in what runs.' })
  confirmedBy: string | null;
  @Field(() => Int, { description: '0 is the canary; the next wave begins when it is done.' }) wave: number;
  @Field(() => Int, { description: 'Within the wave; the devices of a step are pushed to side by side.' }) step: number;
  @Field(() => [String], { description: 'Groups of devices that stand in for each other: never two of one in a step.' })
  redundancy: readonly string[];
  @Field(() => RiskEnum) risk: string;
  @Field(() => [String], { description: 'One sentence for each reason why a person is asked.' }) riskReasons: readonly string[];
  @Field(() => [PlanCauseObject], { description: 'The objects that cause the diff.' }) causes: readonly PlanCauseObject[];
  @Field({ description: 'Unified diff against what was last confirmed on the device.' }) diff: string;
  @Field(() => [PlanHunkObject], { description: 'The diff in its parts.' }) hunks: PlanHunkObject[];
  @Field({ description: 'PENDING, PUSHING, AWAITING_PERSON, CONFIRMED, VERIFIED, FAILED or SKIPPED.' }) state: string;
  @Field(() => String, { nullable: true }) error: string | null;
  @Field(() => String, { nullable: true, description: 'Found just before the push: what the device had taken back by itself, and why.' })
  selfReverted: string | null;
  @Field(() => Boolean, {
    nullable: true,
    description: 'False: after a reboot in the middle of a push only the next push undoes it. Null: not looked at yet, or never needed.',
  })
  undoesAtBoot: boolean | null;
}

@ObjectType('PlanWave')
export class PlanWaveObject {
  @Field(() => Int) order: number;
  @Field() canary: boolean;
  @Field(() => Int) steps: number;
  @Field(() => Int) deviceCount: number;
  @Field(() => Int) done: number;
  @Field(() => Int) failed: number;
  @Field(() => Int, { description: 'How long it is watched before the next one; the last one is not waited for.' }) soakSeconds: number;
  @Field(() => DateTimeScalar, { nullable: true, description: 'Set while, and after, it soaks.' }) soakingUntil: Date | null;
  @Field(() => Int, { description: 'More failures than this, in all waves but the canary, halt the rollout.' }) maxFailures: number;
}

@ObjectType('PlanCheck')
export class PlanCheckObject implements PlanCheck {
  @Field(() => String, { description: 'CURRENT, FABRIC, APPROVALS, LOCKS or REDUNDANCY.' }) name: PlanCheck['name'];
  @Field() ok: boolean;
  @Field() message: string;
}

@ObjectType('Approval')
export class ApprovalObject {
  @Field() by: string;
  @Field(() => DateTimeScalar) at: Date;
  @Field(() => String, { nullable: true }) comment: string | null;
}

@ObjectType('DeploymentPlan', { description: 'Immutable: what was seen and approved is what is applied.' })
export class DeploymentPlanObject {
  @Field(() => ID) id: string;
  @Field(() => BigCountScalar, { description: 'Orders plans of a fabric.' }) generation: number;
  @Field(() => BigCountScalar, { nullable: true, description: 'Lowest revision that one of its devices was proven at when it was made.' })
  baseRevision: number | null;
  @Field(() => BigCountScalar, { description: 'Orders intents.' }) targetRevision: number;
  @Field({ description: 'What is approved is what is applied: give it back to `approvePlan` and `applyPlan`.' }) digest: string;
  @Field(() => RiskEnum) risk: string;
  @Field({ description: 'The way by which its devices are managed may change.' }) mayTouchManagement: boolean;
  @Field(() => PlanStateEnum) state: string;
  @Field() createdBy: string;
  @Field(() => DateTimeScalar) createdAt: Date;
  @Field(() => DateTimeScalar) expiresAt: Date;
  @Field(() => String, { nullable: true }) haltReason: string | null;
  @Field(() => Int) approvalsNeeded: number;
  @Field(() => [ApprovalObject]) approvals: readonly ApprovalObject[];
  @Field(() => ID, { nullable: true, description: 'The plan that this one takes back.' }) rollbackOf: string | null;
  @Field(() => [PlanWaveObject]) waves: PlanWaveObject[];
  @Field(() => [PlanDeviceObject]) devices: PlanDeviceObject[];
  @HideField() uuid: PlanId;
}

const KIND_OF_ID = { NETWORK: 'network', VRF: 'vrf', ATTACHMENT: 'attachment', DEVICE: 'device', SESSION: 'device' } as const;

function toCause({ kind, slug, verb, subject, id }: Cause): PlanCauseObject {
  const idKind = kind in KIND_OF_ID ? KIND_OF_ID[kind as keyof typeof KIND_OF_ID] : undefined;
  return { kind, slug, verb, subject, object: id !== undefined && idKind ? encodeId(idKind, id) : null };
}

const toHunks = ({ diff, hunks, causes }: Pick<PlanItem, 'diff' | 'hunks' | 'causes'>): PlanHunkObject[] =>
  hunkTexts(diff).map(({ path, text }, index) => ({
    path,
    text,
    causes: (hunks[index]?.causes ?? []).flatMap((at) => (causes[at] ? [toCause(causes[at])] : [])),
  }));

const toPlanDevice = ({
  slug,
  isExternal,
  snippets,
  confirmedBy,
  wave,
  step,
  redundancy,
  risk,
  riskReasons,
  causes,
  diff,
  hunks,
  state,
  error,
  selfReverted,
  undoesAtBoot,
}: PlanItem): PlanDeviceObject => ({
  device: slug,
  external: isExternal,
  snippets,
  confirmedBy,
  wave,
  step,
  redundancy,
  risk,
  riskReasons,
  causes: causes.map(toCause),
  diff,
  hunks: toHunks({ diff, hunks, causes }),
  state,
  error: error?.message ?? null,
  selfReverted: selfReverted
    ? `It took the push with fence ${selfReverted.fence} back by itself: ${selfReverted.by === 'BOOT' ? 'it was booted before that was confirmed' : 'nobody confirmed it in time'}.`
    : null,
  undoesAtBoot: undoesAtBoot ?? null,
});

function wavesOf({ items, strategy, soakedWave, soakingUntil }: DeploymentPlan): PlanWaveObject[] {
  const pushed = items.filter(({ isExternal }) => !isExternal);
  const orders = [...new Set(pushed.map(({ wave }) => wave))].sort((a, b) => a - b);
  return orders.map((order) => {
    const of = pushed.filter(({ wave }) => wave === order);
    return {
      order,
      canary: order === 0,
      steps: new Set(of.map(({ step }) => step)).size,
      deviceCount: of.length,
      done: of.filter(({ state }) => state === 'CONFIRMED' || state === 'VERIFIED').length,
      failed: of.filter(({ state }) => state === 'FAILED').length,
      soakSeconds: order === orders.at(-1) ? 0 : strategy.soakSeconds,
      soakingUntil: soakedWave === order ? soakingUntil : null,
      maxFailures: order === 0 ? 0 : strategy.maxFailures,
    };
  });
}

export const toPlanObject = (plan: DeploymentPlan): DeploymentPlanObject => ({
  ...plan,
  id: encodeId('plan', plan.id),
  uuid: plan.id,
  mayTouchManagement: plan.mayTouchManagement ?? false,
  rollbackOf: plan.rollbackOf === null ? null : encodeId('plan', plan.rollbackOf),
  waves: wavesOf(plan),
  devices: plan.items.map(toPlanDevice),
});

@ObjectType('PlanPayload')
export class PlanPayload {
  @Field(() => DeploymentPlanObject, { nullable: true, description: 'Null without errors: every device does what is asked.' })
  plan?: DeploymentPlanObject | null;
  @Field(() => Boolean, { nullable: true, description: 'True when the key was seen before: nothing was done again.' }) replayed?:
    | boolean
    | null;
  @Field(() => [UserError]) errors: UserError[];
}
