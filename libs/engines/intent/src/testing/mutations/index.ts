/** All that tests break in fabrics, one at a time. */
import { addressing } from './addressing.js';
import { cabling } from './cabling.js';
import { identity } from './identity.js';
import { routing } from './routing.js';
import { sessions } from './sessions.js';
import { vlans } from './vlans.js';
import type { Mutation } from './mutation.js';

export { lacking, type Mutation } from './mutation.js';
export const mutations: readonly Mutation[] = [...routing, ...addressing, ...vlans, ...cabling, ...sessions, ...identity];
