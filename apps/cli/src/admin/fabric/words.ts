/** Words of a fabric document as the value objects that the engines have: what does not parse is refused with what would have been accepted. */
import { z } from 'zod';
import {
  Asn,
  Cidr,
  DeviceName,
  EviId,
  Fqdn,
  Ip,
  isDomainError,
  Label,
  Mac,
  PortName,
  Slug,
  VlanId,
  Vni,
  ZonePrefix,
} from '#engines/kernel';

export const parsed = <T>(parse: (value: unknown) => T) =>
  z.unknown().transform((value, context): T => {
    try {
      return parse(value);
    } catch (error) {
      if (!isDomainError(error)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  });

export const slug = parsed(Slug.parse);
export const label = parsed(Label.parse);
export const ip = parsed(Ip.parse);
export const cidr = parsed(Cidr.parse);
export const mac = parsed(Mac.parse);
export const asn = parsed(Asn.parse);
export const vlan = parsed(VlanId.parse);
export const vni = parsed(Vni.parse);
export const evi = parsed(EviId.parse);
export const portName = parsed(PortName.parse);
export const deviceName = parsed(DeviceName.parse);
export const fqdn = parsed(Fqdn.parse);
export const zonePrefix = parsed(ZonePrefix.parse);
