import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, operatorOnly, type RequestContext } from '#contexts/access';
import { decodeId, type DeviceId, type FabricId } from '#engines/kernel';
import { Database, exactlyOne, Secret, withErrors } from '#platform';
import { FabricService } from '../fabric.service.js';
import { SecretService } from '../secret.service.js';
import { toDeviceObject } from './device.object.js';
import { DeviceCredentialInput, DevicePayload, SecretObject, SecretPayload, SetSecretInput, toSecretObject } from './secret.object.js';

/** Secrets go in here and do not come out. */
@Resolver()
export class SecretResolver {
  constructor(
    private readonly db: Database,
    private readonly fabric: FabricService,
    private readonly secrets: SecretService,
  ) {}

  @Query(() => [SecretObject], { name: 'secrets', description: 'Which secrets there are; never their values.' })
  @Authorize('device:secret')
  list(@Ctx() ctx: RequestContext): Promise<SecretObject[]> {
    operatorOnly(ctx);
    return this.db.inTransaction(ctx.scope, async (tx) => (await this.secrets.list(tx)).map(toSecretObject));
  }

  @Mutation(() => SecretPayload, { description: 'Devices whose configuration names it are pushed to.' })
  @Authorize('device:secret')
  setSecret(@Ctx() ctx: RequestContext, @Args('input') input: SetSecretInput): Promise<SecretPayload> {
    return withErrors(async () => {
      operatorOnly(ctx);
      const value = new Secret(input.value);
      return this.db.inTransaction(ctx.scope, async (tx) => {
        const fabricId = input.fabric === null ? await this.fabric.onlyFabric(tx) : decodeId<FabricId>('fabric', input.fabric);
        return { secret: toSecretObject(await this.secrets.set(tx, fabricId, input.name, value)) };
      });
    });
  }

  @Mutation(() => DevicePayload, { description: 'The next connection to the device uses it.' })
  @Authorize('device:secret')
  setDeviceCredential(@Ctx() ctx: RequestContext, @Args('input') input: DeviceCredentialInput): Promise<DevicePayload> {
    return withErrors(async () => {
      operatorOnly(ctx);
      const { password, sshPrivateKey, username } = input;
      exactlyOne({ password, sshPrivateKey });
      const deviceId = decodeId<DeviceId>('device', input.device);
      return this.db.inTransaction(ctx.scope, async (tx) => {
        await this.secrets.setCredential(tx, deviceId, { username, secret: new Secret(password ?? (sshPrivateKey as string)) });
        return { device: toDeviceObject(await this.fabric.device(tx, deviceId)) };
      });
    });
  }
}
