import type { Answer } from './act.js';
import type { Tokens, User } from './auth.js';
import { isObject, type Json } from './json.js';
import { badFields, detail } from './refusal.js';
import type { Release } from './release.js';

/** `POST /api/users/tokens/provision/`: the one request that needs no token. Version 2 says key and plaintext apart. */
export function provision(body: Json | undefined, users: readonly User[], tokens: Tokens, release: Release): Answer {
  const sent = isObject(body) ? body : {};
  const missing = ['username', 'password'].filter((name) => typeof sent[name] !== 'string');
  if (missing.length > 0) throw badFields(Object.fromEntries(missing.map((name) => [name, ['This field is required.']])));
  const user = users.find((one) => one.name === sent['username'] && one.password === sent['password']);
  if (!user) throw detail(403, 'Invalid username/password');
  const version = release.isAtLeast('4.5') && sent['version'] !== 1 ? 2 : 1;
  const { value, writeEnabled } = tokens.make(user, version);
  const common = { user: { id: user.id, username: user.name }, write_enabled: writeEnabled, expires: null };
  if (version === 1) return { status: 201, body: { ...common, ...(release.isAtLeast('4.5') && { version }), key: value } };
  const [key = '', token = ''] = value.replace(/^nbt_/, '').split('.');
  return { status: 201, body: { ...common, version, key, token } };
}
