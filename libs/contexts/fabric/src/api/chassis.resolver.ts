import { Args, Field, ID, InputType, Mutation, ObjectType, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, operatorOnly, type RequestContext } from '#contexts/access';
import { decodeId, type DeviceId, type Mac } from '#engines/kernel';
import { batched, Database, DateTimeScalar, MacScalar, withErrors } from '#platform';
import { ChassisService } from '../chassis.service.js';
import { FabricService } from '../fabric.service.js';
import type { ChassisRecord } from '../domain/chassis.js';
import { DeviceObject, toDeviceObject } from './device.object.js';
import { DevicePayload } from './secret.object.js';

@ObjectType('DeviceIdentity', {
  description: 'Which box it is. What a person said is compared at every connection; what answered is a proposal.',
})
export class DeviceIdentityObject implements ChassisRecord {
  @Field(() => String, { nullable: true, description: 'Null: not compared.' }) serialNumber: string | null;
  @Field(() => String, { nullable: true }) systemMac: string | null;
  @Field(() => String, { nullable: true, description: 'What answered last; trusted by nobody until `setDeviceIdentity` says it.' })
  seenSerialNumber: string | null;
  @Field(() => String, { nullable: true }) seenSystemMac: string | null;
  @Field(() => DateTimeScalar, { nullable: true }) seenAt: Date | null;
}

@InputType()
export class DeviceIdentityInput {
  @Field(() => ID) device: string;
  @Field(() => String, { nullable: true, description: 'Null: not compared any more.' }) serialNumber: string | null = null;
  @Field(() => MacScalar, { nullable: true }) systemMac: Mac | null = null;
}

@Resolver(() => DeviceObject)
export class ChassisResolver {
  constructor(
    private readonly db: Database,
    private readonly fabric: FabricService,
    private readonly chassis: ChassisService,
  ) {}

  @ResolveField('identity', () => DeviceIdentityObject, { nullable: true, description: "The operator's only." })
  @Authorize('device:read', 'deploy:read')
  identity(@Parent() device: DeviceObject, @Ctx() ctx: RequestContext): Promise<DeviceIdentityObject | null> | null {
    if (ctx.scope.kind !== 'system') return null;
    return batched<DeviceId, DeviceIdentityObject | null>(ctx, 'device.identity', async (ids) => {
      const found = await this.db.inTransaction(ctx.scope, (tx) => this.chassis.records(tx, ids));
      return ids.map((id) => found.get(id) ?? null);
    })(device.uuid);
  }

  @Mutation(() => DevicePayload, {
    description: 'From now on nothing is sent to a box with another serial number or system MAC. Switches only.',
  })
  @Authorize('device:write')
  setDeviceIdentity(@Ctx() ctx: RequestContext, @Args('input') input: DeviceIdentityInput): Promise<DevicePayload> {
    return withErrors(async () => {
      operatorOnly(ctx);
      const deviceId = decodeId<DeviceId>('device', input.device);
      return this.db.inTransaction(ctx.scope, async (tx) => {
        await this.chassis.set(tx, deviceId, { serialNumber: input.serialNumber, systemMac: input.systemMac });
        return { device: toDeviceObject(await this.fabric.device(tx, deviceId)) };
      });
    });
  }
}
