import { Args, ArgsType, Field, ID, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, operatorOnly, type RequestContext } from '#contexts/access';
import { decodeId, type DeviceId, type DriftItemId, type Label } from '#engines/kernel';
import { DateTimeScalar, keyset, LabelScalar, PageArgs, rowsOf, toConnection, withErrors } from '#platform';
import type { DriftReport } from '../domain/drift-report.js';
import { DriftService } from '../drift.service.js';
import { DriftHintPayload, DriftPayload, DriftReportConnection, toDriftReport } from './drift.object.js';

@ArgsType()
class DriftReportsArgs extends PageArgs {
  @Field({ defaultValue: true, description: 'Only devices with something that is not ignored, and those that do not answer.' })
  dirtyOnly: boolean;
}

/** What devices say concerns every customer on them: it is the operator's. */
@Resolver()
export class DriftResolver {
  constructor(private readonly drift: DriftService) {}

  @Query(() => DriftReportConnection)
  @Authorize('drift:read')
  async driftReports(@Ctx() ctx: RequestContext, @Args() args: DriftReportsArgs): Promise<DriftReportConnection> {
    operatorOnly(ctx);
    const page = keyset(args, ['uuid']);
    const reports = await this.drift.reports(ctx.actor, rowsOf(page), args.dirtyOnly);
    return toConnection(reports, page, ({ deviceId }: DriftReport) => [deviceId], toDriftReport) as DriftReportConnection;
  }

  @Mutation(() => DriftPayload, { description: 'Has these devices read now; the answer is what is known so far, `collectedAt` tells.' })
  @Authorize('drift:write')
  checkDrift(@Ctx() ctx: RequestContext, @Args('devices', { type: () => [ID] }) devices: string[]): Promise<DriftPayload> {
    return this.answered(ctx, () =>
      this.drift.check(
        ctx.actor,
        devices.map((id) => decodeId<DeviceId>('device', id)),
      ),
    );
  }

  @Mutation(() => DriftHintPayload, {
    description:
      'Says that somebody may have changed a device: it is read within seconds, and not more often than every ten. For syslog relays and other watchers; it tells them nothing.',
  })
  @Authorize('drift:hint', 'drift:write')
  async hintDrift(
    @Ctx() ctx: RequestContext,
    @Args('device', { description: 'Slug, host name or management address.' }) device: string,
  ): Promise<DriftHintPayload> {
    const answer = await withErrors(async () => {
      operatorOnly(ctx);
      await this.drift.hint(ctx.actor, device);
      return { taken: true };
    });
    return { taken: false, ...answer };
  }

  @Mutation(() => DriftPayload, {
    description:
      'What the device says becomes what is asked of it. All of the items or none; the next plan shows it and leaves it on the device.',
  })
  @Authorize('drift:write')
  adoptDrift(
    @Ctx() ctx: RequestContext,
    @Args('items', { type: () => [ID] }) items: string[],
    @Args('reason', { type: () => LabelScalar }) reason: Label,
  ): Promise<DriftPayload> {
    return this.answered(ctx, () => this.drift.adopt(ctx.actor, itemIds(items), reason));
  }

  @Mutation(() => DriftPayload, {
    description: 'The devices of these items are pushed to again. On a host whole files are put back, on a switch what these items name.',
  })
  @Authorize('drift:write')
  reapplyDrift(
    @Ctx() ctx: RequestContext,
    @Args('items', { type: () => [ID] }) items: string[],
    @Args('reason', { type: () => LabelScalar }) reason: Label,
  ): Promise<DriftPayload> {
    return this.answered(ctx, () => this.drift.reapply(ctx.actor, itemIds(items), reason));
  }

  @Mutation(() => DriftPayload)
  @Authorize('drift:write')
  ignoreDrift(
    @Ctx() ctx: RequestContext,
    @Args('items', { type: () => [ID] }) items: string[],
    @Args('until', { type: () => DateTimeScalar, description: 'At most a year from now.' }) until: Date,
    @Args('reason', { type: () => LabelScalar }) reason: Label,
  ): Promise<DriftPayload> {
    return this.answered(ctx, () => this.drift.ignore(ctx.actor, itemIds(items), until, reason));
  }

  private async answered(ctx: RequestContext, work: () => Promise<DriftReport[]>): Promise<DriftPayload> {
    const answer = await withErrors(async () => {
      operatorOnly(ctx);
      return { reports: (await work()).map(toDriftReport) };
    });
    return { reports: [], ...answer };
  }
}

const itemIds = (items: readonly string[]): DriftItemId[] => items.map((id) => decodeId<DriftItemId>('driftItem', id));
