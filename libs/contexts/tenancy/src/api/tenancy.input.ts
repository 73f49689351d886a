import { Field, InputType } from '@nestjs/graphql';
import { DescriptionScalar, LabelScalar, SlugScalar } from '#platform';
import type { Description, Label, Slug } from '#engines/kernel';

@InputType()
export class CreateTenantInput {
  @Field(() => SlugScalar) slug: Slug;
  @Field(() => LabelScalar) name: Label;
  @Field(() => String, { nullable: true }) externalRef: string | null = null;
  @Field(() => DescriptionScalar, { nullable: true }) description: Description | null = null;
}
