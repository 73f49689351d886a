import { Args, Field, ID, InputType, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, type RequestContext, tenantIn } from '#contexts/access';
import { NetworkObject, toVrfObject, VrfPayload } from '#contexts/tenancy';
import { decodeId, type DeviceId, IdempotencyKey, type Label, type NetworkId, notFound, type PoolId, type Slug } from '#engines/kernel';
import {
  atPath,
  batched,
  Database,
  exactlyOne,
  keyset,
  LabelScalar,
  orNull,
  PageArgs,
  rowsOf,
  SlugScalar,
  tenantScope,
  toConnection,
  withErrors,
} from '#platform';
import { FabricService } from '../fabric.service.js';
import { PlaceService } from '../place.service.js';
import type { Device } from '../domain/device.js';
import {
  AttachmentObject,
  DeviceConnection,
  DeviceObject,
  DeviceProgressObject,
  toAttachmentObject,
  toDeviceObject,
} from './device.object.js';

@InputType()
export class CreateVrfInput {
  @Field({ description: '1–128 printable ASCII characters: the same key and VRF give the same numbers.' }) idempotencyKey: string;
  @Field(() => ID) tenant: string;
  @Field(() => SlugScalar) slug: Slug;
  @Field(() => LabelScalar) name: Label;
  @Field(() => ID, { description: 'Pool of L3 VNIs.' }) l3vniPool: string;
}

@Resolver(() => DeviceObject)
export class DeviceResolver {
  constructor(
    private readonly db: Database,
    private readonly fabric: FabricService,
  ) {}

  @Query(() => DeviceObject, { nullable: true })
  @Authorize('device:read')
  device(
    @Ctx() ctx: RequestContext,
    @Args('id', { type: () => ID, nullable: true }) id: string | null,
    @Args('slug', { type: () => SlugScalar, nullable: true }) slug: string | null,
  ): Promise<DeviceObject | null> {
    exactlyOne({ id, slug });
    return this.db.inTransaction(ctx.scope, (tx) =>
      orNull(async () =>
        toDeviceObject(
          await (typeof id === 'string'
            ? this.fabric.device(tx, decodeId<DeviceId>('device', id))
            : this.fabric.deviceBySlug(tx, slug ?? '')),
        ),
      ),
    );
  }

  @Query(() => DeviceConnection)
  @Authorize('device:read')
  devices(@Ctx() ctx: RequestContext, @Args() args: PageArgs): Promise<DeviceConnection> {
    const page = keyset(args, ['uuid']);
    return this.db.inTransaction(
      ctx.scope,
      async (tx) =>
        toConnection(await this.fabric.devices(tx, rowsOf(page)), page, (d: Device) => [d.id], toDeviceObject) as DeviceConnection,
    );
  }

  @ResolveField('progress', () => DeviceProgressObject, { nullable: true })
  @Authorize('device:read', 'deploy:read')
  progress(@Parent() device: DeviceObject, @Ctx() ctx: RequestContext): Promise<DeviceProgressObject | null> {
    return batched<DeviceId, DeviceProgressObject | null>(ctx, 'device.progress', async (ids) => {
      const found = new Map(
        (await this.db.inTransaction(ctx.scope, (tx) => this.fabric.progress(tx, ids))).map((progress) => [progress.deviceId, progress]),
      );
      const readsErrors = ctx.scope.kind === 'system'; // They may quote the lines of any customer.
      return ids.map((id) => {
        const progress = found.get(id);
        return progress
          ? {
              verifiedRevision: progress.verifiedRevision,
              stage: progress.stage,
              lastError: readsErrors ? (progress.lastError?.message ?? null) : null,
            }
          : null;
      });
    })(device.uuid);
  }

  @Mutation(() => VrfPayload)
  @Authorize('network:write')
  createVrf(@Ctx() ctx: RequestContext, @Args('input') input: CreateVrfInput): Promise<VrfPayload> {
    return withErrors(async () => {
      const { tenantId, actor } = tenantIn(ctx, input.tenant);
      const vrf = {
        tenantId,
        l3vniPoolId: decodeId<PoolId>('pool', input.l3vniPool),
        slug: input.slug,
        name: input.name,
        key: atPath(['idempotencyKey'], () => IdempotencyKey.parse(input.idempotencyKey)),
      };
      return { vrf: toVrfObject(await this.db.inTransaction(tenantScope(tenantId, actor), (tx) => this.fabric.createVrf(tx, vrf))) };
    });
  }
}

@Resolver(() => NetworkObject)
export class NetworkAttachmentsResolver {
  constructor(
    private readonly db: Database,
    private readonly places: PlaceService,
  ) {}

  @ResolveField('attachments', () => [AttachmentObject])
  @Authorize('network:read', 'order:read')
  attachments(@Parent() network: NetworkObject, @Ctx() ctx: RequestContext): Promise<AttachmentObject[]> {
    return batched<NetworkId, AttachmentObject[]>(ctx, 'network.attachments', async (ids) => {
      const attachments = await this.db.inTransaction(ctx.scope, (tx) => this.places.attachmentsOf(tx, ids));
      return ids.map((id) => attachments.filter((attachment) => attachment.networkId === id).map(toAttachmentObject));
    })(network.uuid);
  }
}

@Resolver(() => AttachmentObject)
export class AttachmentDeviceResolver {
  constructor(
    private readonly db: Database,
    private readonly fabric: FabricService,
  ) {}

  @ResolveField('device', () => DeviceObject)
  @Authorize('network:read', 'order:read')
  device(@Parent() attachment: AttachmentObject, @Ctx() ctx: RequestContext): Promise<DeviceObject> {
    return batched<DeviceId, DeviceObject>(ctx, 'attachment.device', async (ids) => {
      const devices = new Map(
        (await this.db.inTransaction(ctx.scope, (tx) => this.fabric.devicesById(tx, ids))).map((device) => [
          device.id,
          toDeviceObject(device),
        ]),
      );
      return ids.map((id) => {
        const device = devices.get(id);
        if (!device) throw notFound('device', id);
        return device;
      });
    })(attachment.deviceUuid);
  }
}
