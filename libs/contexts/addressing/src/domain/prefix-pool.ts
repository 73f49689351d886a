import type { AddressSpaceId, Cidr, PrefixId, PrefixPoolId } from '#engines/kernel';

export interface PrefixPool {
  readonly id: PrefixPoolId;
  readonly prefixId: PrefixId;
  readonly spaceId: AddressSpaceId;
  readonly cidr: Cidr;
  readonly slug: string;
  readonly name: string;
  readonly defaultLength: number;
  readonly minLength: number;
  readonly maxLength: number;
}
