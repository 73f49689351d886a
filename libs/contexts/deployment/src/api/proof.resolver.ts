import { Args, ID, Mutation, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, type RequestContext } from '#contexts/access';
import { NetworkObject, toNetworkObject } from '#contexts/tenancy';
import { decodeId, type NetworkId } from '#engines/kernel';
import { batched, withErrors } from '#platform';
import { NetworkProofService } from '../network-proof.service.js';
import { NetworkVerificationObject, toVerificationObject, VerifyNetworkPayload } from './proof.object.js';

/** A customer reads how its network is; what was expected and seen names other devices, and is the operator's. */
@Resolver(() => NetworkObject)
export class ProofResolver {
  constructor(private readonly proofs: NetworkProofService) {}

  @ResolveField('verification', () => NetworkVerificationObject, { description: 'What its devices last said of it.' })
  @Authorize('network:read', 'order:read')
  verification(@Parent() network: NetworkObject, @Ctx() ctx: RequestContext): Promise<NetworkVerificationObject> {
    return batched<NetworkId, NetworkVerificationObject>(ctx, 'network.verification', async (ids) => {
      const { proofs, lookedAt } = await this.proofs.ofNetworks(ctx.scope, ids);
      return ids.map((id) => {
        const found = proofs.filter(({ networkId }) => networkId === id);
        return toVerificationObject(found, lookedAt.get(id) ?? null);
      });
    })(network.uuid);
  }

  @Mutation(() => VerifyNetworkPayload, {
    description:
      'Has the network looked at from all of its devices, now, and for a customer half a minute after the last look at the earliest; the answer is what is known so far, `checkedAt` tells.',
  })
  @Authorize('network:write', 'order:write')
  verifyNetwork(@Ctx() ctx: RequestContext, @Args('id', { type: () => ID }) id: string): Promise<VerifyNetworkPayload> {
    return withErrors(async () => {
      const { network, askedAt } = await this.proofs.request(ctx.scope, decodeId<NetworkId>('network', id));
      return { network: toNetworkObject(network), askedAt };
    });
  }
}
