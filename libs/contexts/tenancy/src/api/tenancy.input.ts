import { Field, InputType } from '@nestjs/graphql';
import { LabelScalar, SlugScalar } from '#platform';
import type { Label, Slug } from '#engines/kernel';

@InputType()
export class CreateTenantInput {
  @Field(() => SlugScalar) slug: Slug;
  @Field(() => LabelScalar) name: Label;
  @Field(() => String, { nullable: true }) externalRef: string | null = null;
}
