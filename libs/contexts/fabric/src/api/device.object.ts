import { Field, HideField, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { type DeviceId, encodeId } from '#engines/kernel';
import { connectionOf, DateTimeScalar, AsnScalar, IpAddressScalar, RouteDistinguisherScalar, SlugScalar, VlanIdScalar } from '#platform';
import type { Attachment } from '../domain/attachment.js';
import type { Device } from '../domain/device.js';

export enum TaggingEnum {
  UNTAGGED = 'UNTAGGED',
  TAGGED = 'TAGGED',
  BRIDGE_ONLY = 'BRIDGE_ONLY',
}
registerEnumType(TaggingEnum, { name: 'Tagging' });

export enum DeviceKindEnum {
  ARISTA_EOS = 'ARISTA_EOS',
  DEBIAN_FRR = 'DEBIAN_FRR',
  EXTERNAL = 'EXTERNAL',
  HP_COMWARE = 'HP_COMWARE',
  OPENBSD = 'OPENBSD',
  OPENNEBULA = 'OPENNEBULA',
  PROXMOX = 'PROXMOX',
}
const RENDERED_ONLY = { description: 'Rendered and exported; a person, or another tool, puts it in force.' };
registerEnumType(DeviceKindEnum, {
  name: 'DeviceKind',
  valuesMap: {
    EXTERNAL: RENDERED_ONLY,
    HP_COMWARE: RENDERED_ONLY,
    OPENBSD: { description: 'Pushed to over SSH where the inventory has a key for it; a person configures it otherwise.' },
    OPENNEBULA: RENDERED_ONLY,
  },
});

@ObjectType('DeviceProgress', { description: 'How far a device is on the way to what the fabric asks of it.' })
export class DeviceProgressObject {
  @Field(() => Int) verifiedRevision: number;
  @Field({
    description: 'IDLE, PLANNED, AWAITING_APPROVAL, AWAITING_MAINTENANCE, AWAITING_PERSON, PAUSED, PUSHING, CONFIRMED, VERIFIED or FAILED.',
  })
  stage: string;
  @Field(() => String, { nullable: true, description: "The device's own words, for the operator only." }) lastError: string | null;
}

@ObjectType('Device')
export class DeviceObject {
  @Field(() => ID) id: string;
  @Field(() => SlugScalar) slug: string;
  @Field(() => DeviceKindEnum) kind: string;
  @Field(() => SlugScalar) site: string;
  @Field({ description: 'FULL, SECTION (named blocks only) or OBSERVE (never written to).' }) managed: string;
  @Field(() => IpAddressScalar, { nullable: true }) vtepAddress: string | null;
  @Field(() => AsnScalar, { nullable: true }) asn: number | null;
  @Field(() => Int) version: number;
  @Field(() => DateTimeScalar) createdAt: Date;
  @Field(() => DateTimeScalar) updatedAt: Date;
  @HideField() uuid: DeviceId;
}

export const toDeviceObject = (device: Device): DeviceObject => ({
  ...device,
  id: encodeId('device', device.id),
  uuid: device.id,
  kind: device.platform,
});

@ObjectType('DeviceConnection')
export class DeviceConnection extends connectionOf(DeviceObject, 'Device') {}

@ObjectType('Attachment', { description: 'Network ↔ the place where it comes out.' })
export class AttachmentObject {
  @Field(() => ID) id: string;
  @Field(() => String, { nullable: true }) port: string | null;
  @Field(() => VlanIdScalar, { nullable: true, description: "VLAN of the network in the device's VLAN domain." }) vlan: number | null;
  @Field(() => RouteDistinguisherScalar, { nullable: true, description: 'Of the network on this device (RFC 7432 §7.9).' })
  routeDistinguisher: string | null;
  @Field(() => TaggingEnum) tagging: string;
  @HideField() deviceUuid: DeviceId;
}

export const toAttachmentObject = (attachment: Attachment): AttachmentObject => ({
  id: encodeId('attachment', attachment.id),
  port: attachment.port,
  vlan: attachment.vlan,
  routeDistinguisher: attachment.routeDistinguisher,
  tagging: attachment.tagging,
  deviceUuid: attachment.deviceId,
});
