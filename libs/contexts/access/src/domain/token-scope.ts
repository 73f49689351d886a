/** What a token may be allowed. Closed: a misspelt scope is refused when the token is made, not when it is used. */
export const TOKEN_SCOPES = [
  'tenant:read',
  'tenant:write',
  'network:read',
  'network:write',
  'ipam:read',
  'ipam:write',
  'pool:read',
  'pool:write',
  'number:allocate',
  'vni:allocate',
  'vlan:allocate',
  'prefix:allocate',
  'ip:allocate',
  'order:read',
  'order:write',
  'device:read',
  'device:write',
  'device:secret',
  'config:read',
  'deploy:read',
  'deploy:plan',
  'deploy:approve',
  'deploy:apply',
  'deploy:lock',
  'drift:read',
  'drift:write',
  'drift:hint',
  'sync:read',
  'sync:write',
  'sync:admin',
  'netbox:facade',
  'webhook:read',
  'webhook:write',
  'audit:read',
  'token:admin',
] as const;
export type TokenScope = (typeof TOKEN_SCOPES)[number];

const KNOWN: ReadonlySet<string> = new Set(TOKEN_SCOPES);

export const isTokenScope = (text: string): text is TokenScope => KNOWN.has(text);
