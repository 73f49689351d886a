import { Args, Field, ID, InputType, Int, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, operatorOnly, type RequestContext } from '#contexts/access';
import { OperatorAct } from '#contexts/events';
import { decodeId, type Label, type LockId } from '#engines/kernel';
import { Database, LabelScalar, withErrors } from '#platform';
import type { LockScope } from '../domain/lock.js';
import { LockService } from '../lock.service.js';
import { LockPayload, LockScopeEnum, MaintenanceLockObject, toLockObject } from './lock.object.js';

const KEY = {
  type: () => String,
  nullable: true,
  description:
    '1–128 printable ASCII characters. The same key and the same request of the same caller: the same answer, and nothing is done again.',
} as const;

@InputType()
export class LockInput {
  @Field(KEY.type, KEY) idempotencyKey: string | null = null;
  @Field(() => LockScopeEnum) scope: LockScope;
  @Field(() => ID, { nullable: true, description: 'Id or slug; without it the only fabric there is.' }) subject: string | null = null;
  @Field(() => LabelScalar, { description: 'For whoever waits: it is in the steps of orders and in refusals.' }) reason: Label;
  @Field(() => Int, { description: 'At most 86400.' }) ttlSeconds: number = 3600;
}

/** Locks are the operator's: they hold up whole fabrics. */
@Resolver()
export class LockResolver {
  constructor(
    private readonly db: Database,
    private readonly locks: LockService,
  ) {}

  @Query(() => [MaintenanceLockObject], { description: 'Locks that hold now, the one that ends first in front.' })
  @Authorize('deploy:read', 'deploy:lock')
  maintenanceLocks(@Ctx() ctx: RequestContext): Promise<MaintenanceLockObject[]> {
    operatorOnly(ctx);
    return this.db.inTransaction(ctx.scope, async (tx) => (await this.locks.active(tx)).map(toLockObject));
  }

  @Mutation(() => LockPayload, { description: 'What is pushed to at this moment is finished; nothing new is begun.' })
  @Authorize('deploy:lock')
  acquireLock(@Ctx() ctx: RequestContext, @Args('input') input: LockInput): Promise<LockPayload> {
    return withErrors(async () => {
      operatorOnly(ctx);
      const { scope, subject, reason, ttlSeconds: seconds, idempotencyKey } = input;
      const request = { scope, subject, reason, seconds };
      const act = OperatorAct.of(idempotencyKey, 'acquireLock', request);
      return { lock: toLockObject(await this.locks.acquire(ctx.actor, request, act)), replayed: act?.isReplayed ?? null };
    });
  }

  @Mutation(() => LockPayload)
  @Authorize('deploy:lock')
  releaseLock(
    @Ctx() ctx: RequestContext,
    @Args('id', { type: () => ID }) id: string,
    @Args('idempotencyKey', KEY) key: string | null,
  ): Promise<LockPayload> {
    return withErrors(async () => {
      operatorOnly(ctx);
      const act = OperatorAct.of(key, 'releaseLock', { id });
      const lock = await this.locks.release(ctx.actor, decodeId<LockId>('maintenanceLock', id), act);
      return { lock: toLockObject(lock), replayed: act?.isReplayed ?? null };
    });
  }
}
