import { Field, ID, InputType, Int } from '@nestjs/graphql';
import { type RequestContext, tenantIn } from '#contexts/access';
import { ExternalRef, IdempotencyKey, type TenantId } from '#engines/kernel';
import { atPath } from '#platform';

/** What every allocation is asked for with. */
@InputType({ isAbstract: true })
export abstract class AllocateInput {
  @Field({
    description:
      '1–128 printable ASCII characters. The same key and request: the same answer, as long as the allocation lives; the same key and another request is refused.',
  })
  idempotencyKey: string;
  @Field(() => Int, {
    nullable: true,
    description: 'Hold it for 1–604800 seconds instead of binding it: bind it in time, or it is free again.',
  })
  ttlSeconds: number | null = null;
  @Field(() => String, { nullable: true, description: 'Who uses it, in your words: at most 128 printable ASCII characters.' })
  holder: string | null = null;
  @Field(() => String, { nullable: true, description: 'Your own name for it, e.g. an order number.' }) externalRef: string | null = null;
  @Field({ description: 'Say what the answer would be, and keep nothing.' }) dryRun: boolean = false;
}

@InputType({ isAbstract: true })
export abstract class AllocateForTenantInput extends AllocateInput {
  @Field(() => ID, { description: "Whose it will be. A tenant's token allocates for its own tenant only." }) tenant: string;
}

interface Common {
  readonly key: IdempotencyKey;
  readonly ttlSeconds?: number;
  readonly holder?: string;
  readonly externalRef?: ExternalRef;
}

/** @throws DomainError INVALID_VALUE with its place in the input. */
export function commonOf(input: AllocateInput): Common {
  const { ttlSeconds, holder, externalRef } = input;
  return {
    key: atPath(['idempotencyKey'], () => IdempotencyKey.parse(input.idempotencyKey)),
    ...(ttlSeconds !== null && { ttlSeconds }),
    ...(holder !== null && { holder }),
    ...(externalRef !== null && { externalRef: atPath(['externalRef'], () => ExternalRef.parse(externalRef)) }),
  };
}

/** @throws DomainError NOT_FOUND where it is not this caller's tenant. */
export const forTenant = (ctx: RequestContext, input: AllocateForTenantInput): Common & { readonly tenantId: TenantId } => ({
  ...commonOf(input),
  tenantId: tenantIn(ctx, input.tenant).tenantId,
});
