/** Who asks, and what he may: tokens of both kinds, and permissions by object type. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { JsonObject } from './json.js';
import { detail } from './refusal.js';
import type { Release } from './release.js';

export type Action = 'view' | 'add' | 'change' | 'delete';
/** True: every object; a function: those that it lets pass, as the API shows them. */
export type Permission = true | ((object: JsonObject) => boolean);
export type Permissions = Readonly<Record<string, Partial<Readonly<Record<Action, Permission>>>>>;

export interface User {
  readonly id: number;
  readonly name: string;
  readonly password: string;
  /** By object type; null: a superuser. May change at any time. */
  permissions: Permissions | null;
}

export interface Token {
  readonly user: User;
  readonly version: 1 | 2;
  /** As a client sends it: 40 hex digits, or `nbt_<key>.<plaintext>`. */
  readonly value: string;
  writeEnabled: boolean;
  enabled: boolean;
  /** Microseconds; null: never. */
  expires: number | null;
}

export class Tokens {
  readonly all: Token[] = [];

  constructor(private readonly release: Release) {}

  make(user: User, version: 1 | 2): Token {
    if (version === 2 && !this.release.isAtLeast('4.5')) throw new Error(`${this.release.name} has no tokens of version 2`);
    const value =
      version === 1 ? randomBytes(20).toString('hex') : `nbt_${randomBytes(6).toString('hex')}.${randomBytes(20).toString('hex')}`;
    const token: Token = { user, version, value, writeEnabled: true, enabled: true, expires: null };
    this.all.push(token);
    return token;
  }

  /**
   * The word before the value is `Token` or `Bearer`, whatever the kind; which kind it is says the value alone.
   *
   * @throws Refusal 403, as DRF has it where no way to authenticate is named in the answer.
   */
  authenticate(header: string | undefined): Token {
    if (header === undefined) throw detail(403, 'Authentication credentials were not provided.');
    const [word = '', value, ...more] = header.trim().split(/\s+/);
    const isKnown = /^token$/i.test(word) || (this.release.isAtLeast('4.5') && /^bearer$/i.test(word));
    if (!isKnown) throw detail(403, 'Authentication credentials were not provided.');
    if (value === undefined) throw detail(403, 'Invalid token header. No credentials provided.');
    if (more.length > 0) throw detail(403, 'Invalid token header. Token string should not contain spaces.');
    const version = this.release.isAtLeast('4.5') && value.startsWith('nbt_') ? 2 : 1;
    const token = this.all.find((one) => one.version === version && isEqual(one.value, value));
    if (!token) throw detail(403, this.release.isAtLeast('4.5') ? `Invalid v${version} token` : 'Invalid token');
    if (!token.enabled) throw detail(403, 'Token disabled');
    if (token.expires !== null && token.expires < Date.now() * 1000) throw detail(403, 'Token expired');
    return token;
  }
}

function isEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

export function permissionOf(user: User, type: string, action: Action): Permission | null {
  return user.permissions === null ? true : (user.permissions[type]?.[action] ?? null);
}

export const FORBIDDEN = 'You do not have permission to perform this action.';
