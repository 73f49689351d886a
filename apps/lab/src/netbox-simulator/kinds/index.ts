import type { Kind } from '../model.js';
import { ADDRESSES } from './addresses.js';
import { DCIM } from './dcim.js';
import { DEVICE_PARTS } from './device-parts.js';
import { EXTRAS } from './extras.js';
import { PREFIX } from './prefixes.js';
import { ROUTING } from './routing.js';
import { TENANCY } from './tenancy.js';
import { USERS_OF_NUMBERS } from './users-of-numbers.js';
import { VIRTUALIZATION } from './virtualization.js';
import { VLANS } from './vlans.js';
import { VPN } from './vpn.js';

export const KINDS: readonly Kind[] = [
  ...TENANCY,
  ...ROUTING,
  ...VLANS,
  PREFIX,
  ...ADDRESSES,
  ...VPN,
  ...DCIM,
  ...DEVICE_PARTS,
  ...VIRTUALIZATION,
  ...USERS_OF_NUMBERS,
  ...EXTRAS,
];
