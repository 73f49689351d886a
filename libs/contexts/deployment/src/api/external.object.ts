import { Field, ID, InputType, ObjectType, registerEnumType } from '@nestjs/graphql';
import type { Label } from '#engines/kernel';
import { LabelScalar, UserError } from '#platform';
import type { DriftFinding } from '../domain/drift.js';
import type { HandedIn } from '../external.service.js';
import { DriftKindEnum, DriftReportObject, toDriftReport } from './drift.object.js';
import { DeploymentPlanObject, RiskEnum, toPlanObject } from './plan.object.js';

@InputType()
export class ConfirmExternalInput {
  @Field(() => ID) plan: string;
  @Field({ description: 'Digest of the plan whose snippet was put in force.' }) digest: string;
  @Field(() => ID) device: string;
  @Field(() => LabelScalar, { nullable: true, description: 'Kept with it: a ticket, a name.' }) comment: Label | null = null;
}

@InputType()
export class ConfigurationTextInput {
  @Field(() => String, { nullable: true, description: 'As the snippet says it; may be left out where the device has one text only.' })
  path: string | null = null;
  @Field({ description: 'All that runs (`show running-config`), or the whole file; what is ours is found in it. It is not kept.' })
  text: string;
}

@InputType()
export class HandInConfigurationInput {
  @Field(() => ID) device: string;
  @Field(() => [ConfigurationTextInput], { description: 'A file that is not among them is not there.' }) texts: ConfigurationTextInput[];
  @Field(() => ID, {
    nullable: true,
    description: 'To confirm this plan and no other; whatever is asked of the device where it is not given.',
  })
  plan: string | null = null;
  @Field(() => String, { nullable: true, description: 'Digest of that plan.' }) digest: string | null = null;
}

export enum HandInVerdictEnum {
  CONFIRMED = 'CONFIRMED',
  REFUSED = 'REFUSED',
  CLEAN = 'CLEAN',
  DRIFT = 'DRIFT',
}
registerEnumType(HandInVerdictEnum, {
  name: 'HandInVerdict',
  valuesMap: {
    CONFIRMED: { description: 'It is what was asked of the device.' },
    REFUSED: { description: 'It is not what was asked of the device: `differences` says why. Nothing was confirmed.' },
    CLEAN: { description: 'Nothing is asked of the device; it is what was confirmed last.' },
    DRIFT: { description: 'Nothing is asked of the device; it says something else than what was confirmed last.' },
  },
});

@ObjectType('ConfigurationDifference')
export class ConfigurationDifferenceObject
  implements Pick<DriftFinding, 'kind' | 'path' | 'section' | 'intended' | 'observed' | 'risk' | 'likelyCause'>
{
  @Field(() => DriftKindEnum) kind: DriftFinding['kind'];
  @Field({ description: 'File, or `running-config` and the like.' }) path: string;
  @Field(() => [String], { description: 'Headers above the line, outermost first.' }) section: readonly string[];
  @Field(() => String, { nullable: true, description: 'Null: nothing. Secrets are fingerprints.' }) intended: string | null;
  @Field(() => String, { nullable: true, description: 'Null: nothing. Secrets are fingerprints.' }) observed: string | null;
  @Field(() => RiskEnum) risk: DriftFinding['risk'];
  @Field() likelyCause: string;
}

@ObjectType('ConfigurationCommands')
export class ConfigurationCommandsObject {
  @Field() path: string;
  @Field({ description: 'What leads from the text that was handed in to what is asked.' }) commands: string;
}

@ObjectType('HandInPayload')
export class HandInPayload {
  @Field(() => HandInVerdictEnum, { nullable: true }) verdict?: HandedIn['verdict'] | null;
  @Field(() => DeploymentPlanObject, { nullable: true, description: 'That asks for it; null where nothing is asked of the device.' })
  plan?: DeploymentPlanObject | null;
  @Field(() => [ConfigurationDifferenceObject]) differences: readonly ConfigurationDifferenceObject[];
  @Field(() => [ConfigurationCommandsObject], { description: 'Only where it was refused, and Trame knows the language of the device.' })
  commands: ConfigurationCommandsObject[];
  @Field(() => DriftReportObject, { nullable: true }) report?: DriftReportObject | null;
  @Field(() => [UserError]) errors: UserError[];
}

export const toHandIn = ({ verdict, plan, differences, commands, report }: HandedIn): Omit<HandInPayload, 'errors'> => ({
  verdict,
  plan: plan && toPlanObject(plan),
  differences: differences.map(({ kind, path, section, intended, observed, risk, likelyCause }) => ({
    kind,
    path,
    section,
    intended,
    observed,
    risk,
    likelyCause,
  })),
  commands: [...commands].flatMap(([path, text]) => (text === null ? [] : [{ path, commands: text }])),
  report: report && toDriftReport(report),
});
