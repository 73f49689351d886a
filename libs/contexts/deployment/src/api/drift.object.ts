import { Field, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { encodeId } from '#engines/kernel';
import { connectionOf, DateTimeScalar, UserError } from '#platform';
import type { DriftItem, DriftReport } from '../domain/drift-report.js';
import { RiskEnum } from './plan.object.js';

export enum DriftKindEnum {
  OURS_MISSING = 'OURS_MISSING',
  OURS_CHANGED = 'OURS_CHANGED',
  FOREIGN_IN_OWNED_SECTION = 'FOREIGN_IN_OWNED_SECTION',
  SECRET_CHANGED = 'SECRET_CHANGED',
  ORDER_CHANGED = 'ORDER_CHANGED',
  UNSAVED = 'UNSAVED',
}
registerEnumType(DriftKindEnum, {
  name: 'DriftKind',
  valuesMap: {
    OURS_MISSING: { description: 'A line that Trame put there is gone.' },
    OURS_CHANGED: { description: 'It has another value.' },
    FOREIGN_IN_OWNED_SECTION: { description: "Somebody's line where Trame has lines, too." },
    SECRET_CHANGED: { description: 'The same line with another secret; which one is never shown.' },
    ORDER_CHANGED: { description: 'The same lines, where their order counts.' },
    UNSAVED: { description: 'The next reload of the switch boots something else than what runs.' },
  },
});

export enum DriftVerdictEnum {
  UNKNOWN = 'UNKNOWN',
  CLEAN = 'CLEAN',
  DRIFT = 'DRIFT',
  UNREACHABLE = 'UNREACHABLE',
}
registerEnumType(DriftVerdictEnum, {
  name: 'DriftVerdict',
  valuesMap: {
    UNKNOWN: { description: 'Not read yet.' },
    UNREACHABLE: { description: 'No verdict: the items are those of `collectedAt`.' },
  },
});

export enum DriftActEnum {
  ADOPTED = 'ADOPTED',
  REAPPLIED = 'REAPPLIED',
  IGNORED = 'IGNORED',
}
registerEnumType(DriftActEnum, { name: 'DriftAct' });

@ObjectType('DriftItem')
export class DriftItemObject {
  @Field(() => ID) id: string;
  @Field(() => DriftKindEnum) kind: string;
  @Field({ description: 'File, or `running-config`.' }) path: string;
  @Field(() => [String], { description: 'Headers above the line, outermost first.' }) section: readonly string[];
  @Field(() => String, { nullable: true, description: 'Null: nothing. Secrets are fingerprints.' }) intended: string | null;
  @Field(() => String, { nullable: true, description: 'Null: nothing. Secrets are fingerprints.' }) observed: string | null;
  @Field(() => RiskEnum) risk: string;
  @Field({ description: 'What has probably happened, in one sentence.' }) likelyCause: string;
  @Field(() => DateTimeScalar) firstSeenAt: Date;
  @Field(() => DateTimeScalar, { nullable: true }) ignoredUntil: Date | null;
  @Field(() => DriftActEnum, {
    nullable: true,
    description: 'What a person did about it last; it is here until the device says otherwise.',
  })
  act: string | null;
  @Field(() => String, { nullable: true }) actBy: string | null;
  @Field(() => String, { nullable: true }) actReason: string | null;
}

@ObjectType('DriftReport', { description: 'What a device says otherwise than what was last confirmed on it.' })
export class DriftReportObject {
  @Field(() => ID) id: string;
  @Field({ description: 'Slug of the device.' }) device: string;
  @Field(() => ID) deviceId: string;
  @Field(() => DriftVerdictEnum) verdict: string;
  @Field({ description: 'Read, and nothing is otherwise but what is ignored for now.' }) clean: boolean;
  @Field(() => String, { nullable: true, description: 'Why there is no verdict.' }) detail: string | null;
  @Field(() => DateTimeScalar, { nullable: true }) collectedAt: Date | null;
  @Field(() => [DriftItemObject]) items: DriftItemObject[];
  @Field(() => Int, { description: 'Lines and sections of others outside of ours: counted, and no concern of Trame.' })
  foreignElsewhere: number;
  @Field(() => [String], { description: 'The first hundred of them.' }) foreignLines: readonly string[];
}

@ObjectType()
export class DriftReportConnection extends connectionOf(DriftReportObject, 'DriftReport') {}

@ObjectType('DriftPayload')
export class DriftPayload {
  @Field(() => [DriftReportObject]) reports: DriftReportObject[];
  @Field(() => [UserError]) errors: UserError[];
}

@ObjectType('DriftHintPayload')
export class DriftHintPayload {
  @Field() taken: boolean;
  @Field(() => [UserError]) errors: UserError[];
}

const toItem = ({ id, ...item }: DriftItem): DriftItemObject => ({ ...item, id: encodeId('driftItem', id) });

export const toDriftReport = ({ deviceId, slug, items, ...report }: DriftReport): DriftReportObject => ({
  ...report,
  id: encodeId('driftReport', deviceId),
  device: slug,
  deviceId: encodeId('device', deviceId),
  clean: (report.verdict === 'CLEAN' || report.verdict === 'DRIFT') && items.every(({ ignoredUntil }) => ignoredUntil !== null),
  items: items.map(toItem),
});
