import { Field, ID, ObjectType, registerEnumType } from '@nestjs/graphql';
import { encodeId } from '#engines/kernel';
import { NetworkObject } from '#contexts/tenancy';
import { DateTimeScalar, SlugScalar, UserError } from '#platform';
import { type ProofState, type StoredProof, verdictOf } from '../domain/network-proof.js';

export enum VerificationStateEnum {
  OK = 'OK',
  FAILED = 'FAILED',
  NOT_CHECKED = 'NOT_CHECKED',
  STALE = 'STALE',
}
registerEnumType(VerificationStateEnum, {
  name: 'VerificationState',
  valuesMap: {
    NOT_CHECKED: { description: 'Nobody has looked, or the device cannot tell: neither right nor wrong.' },
    STALE: { description: 'The answer is of before a change, or the device could not be read since.' },
  },
});

enum VerificationQuestionEnum {
  VNI = 'VNI',
  REMOTE_VTEPS = 'REMOTE_VTEPS',
  ROUTES = 'ROUTES',
  MACS = 'MACS',
  PREFIXES = 'PREFIXES',
  PATH_MTU = 'PATH_MTU',
  GATEWAY = 'GATEWAY',
  SESSIONS = 'SESSIONS',
  MLAG = 'MLAG',
}
registerEnumType(VerificationQuestionEnum, {
  name: 'VerificationQuestion',
  valuesMap: {
    VNI: { description: 'The control plane has the VNI, with the right RD and route targets.' },
    REMOTE_VTEPS: { description: 'Frames to everybody go to all the other places of the network.' },
    ROUTES: { description: 'The other places are announced with the right RD and route target (EVPN type 3).' },
    MACS: { description: 'Guests at the other places are known, behind the right RD (EVPN type 2).' },
    PREFIXES: { description: 'The subnets of the other places are known (EVPN type 5).' },
    PATH_MTU: { description: "The largest packet of a guest gets through, whole: a packet of the device's own that is as long as that." },
    GATEWAY: { description: 'The gateways are on their interfaces, and those are up.' },
    SESSIONS: { description: 'The BGP sessions that it stands on are up.' },
    MLAG: { description: 'The pair that the device is of is well.' },
  },
});

@ObjectType('NetworkCheck')
export class NetworkCheckObject {
  @Field(() => VerificationQuestionEnum) question: string;
  @Field(() => VerificationStateEnum) state: string;
  @Field(() => DateTimeScalar) checkedAt: Date;
  @Field(() => String, { nullable: true, description: 'For the operator only, like what was seen.' }) expected: string | null;
  @Field(() => String, { nullable: true }) seen: string | null;
  @Field(() => ID, { nullable: true, description: 'The plan whose rollout looked; null: somebody asked, or its time had come.' })
  plan: string | null;
}

@ObjectType('DeviceVerification')
export class DeviceVerificationObject {
  @Field(() => SlugScalar) device: string;
  @Field(() => VerificationStateEnum) state: ProofState;
  @Field(() => [NetworkCheckObject]) checks: NetworkCheckObject[];
}

@ObjectType('NetworkVerification', {
  description: 'What the devices last said of the network. Read from what is stored, never from a device.',
})
export class NetworkVerificationObject {
  @Field(() => VerificationStateEnum) state: ProofState;
  @Field({ description: 'The same in a sentence.' }) sentence: string;
  @Field(() => DateTimeScalar, { nullable: true, description: 'When the oldest of its answers was given.' }) checkedAt: Date | null;
  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When the last look at it from all of its devices began, those that did not answer included.',
  })
  lookedAt: Date | null;
  @Field(() => [DeviceVerificationObject]) devices: DeviceVerificationObject[];
}

@ObjectType('VerifyNetworkPayload')
export class VerifyNetworkPayload {
  @Field(() => NetworkObject, { nullable: true }) network?: NetworkObject | null;
  @Field(() => DateTimeScalar, { nullable: true, description: 'A look answers this question if its `lookedAt` is not before it.' })
  askedAt?: Date | null;
  @Field(() => [UserError]) errors: UserError[];
}

export function toVerificationObject(proofs: readonly StoredProof[], lookedAt: Date | null): NetworkVerificationObject {
  const { state, sentence, devices } = verdictOf(proofs);
  const times = proofs.map(({ checkedAt }) => checkedAt.getTime());
  return {
    state,
    sentence,
    lookedAt,
    checkedAt: times.length === 0 ? null : new Date(Math.min(...times)),
    devices: devices.map((device) => ({
      device: device.slug,
      state: device.state,
      checks: proofs
        .filter((proof) => proof.device === device.slug)
        .map(({ planId, networkId: _network, device: _device, ...check }) => ({
          ...check,
          plan: planId === null ? null : encodeId('plan', planId),
        })),
    })),
  };
}
