/** Users of the NetBox under test with few rights: made through its API where it is a real one. */
import { randomBytes } from 'node:crypto';
import type { JsonObject, Permissions } from '../../apps/lab/src/netbox-simulator/index.js';
import { isRealNetBox, type NetBoxUnderTest, textOf } from './netbox-under-test.js';

export type Action = 'view' | 'add' | 'change' | 'delete';

export interface Rights {
  readonly actions: readonly Action[];
  /** Only VRFs whose name begins like this. */
  readonly prefix?: string;
}

/** Somebody who has rights on VRFs alone, and a token. */
export interface Person {
  readonly name: string;
  readonly password: string;
  /** As a client sends it. */
  readonly token: string;
  change(token: { readonly isWriting?: boolean; readonly isEnabled?: boolean; readonly isExpired?: boolean }): Promise<void>;
  loseRights(): Promise<void>;
}

export const person = (netbox: NetBoxUnderTest, rights: Rights): Promise<Person> =>
  isRealNetBox ? realPerson(netbox, rights) : simulatedPerson(netbox, rights);

async function simulatedPerson(netbox: NetBoxUnderTest, { actions, prefix = '' }: Rights): Promise<Person> {
  const isSeen = ({ name }: JsonObject): boolean => textOf(name).startsWith(prefix);
  const permissions: Permissions = { 'ipam.vrf': Object.fromEntries(actions.map((action) => [action, isSeen])) };
  const token = netbox.simulator.state.user(netbox.name('user'), permissions);
  const { name, password } = token.user;
  return {
    name,
    password,
    token: token.value,
    async change({ isWriting, isEnabled, isExpired }) {
      token.writeEnabled = isWriting ?? token.writeEnabled;
      token.enabled = isEnabled ?? token.enabled;
      token.expires = isExpired === true ? 1 : null;
    },
    async loseRights() {
      token.user.permissions = {};
    },
  };
}

async function realPerson(netbox: NetBoxUnderTest, { actions, prefix }: Rights): Promise<Person> {
  const [name, password] = [netbox.name('user'), `P-${randomBytes(16).toString('hex')}`];
  const user = await netbox.make('users/users', { username: name, password });
  const constraints = prefix === undefined ? null : { name__startswith: prefix };
  const body = { name, enabled: true, object_types: ['ipam.vrf'], actions: [...actions], users: [user.id], constraints };
  const permission = await netbox.make('users/permissions', body);
  const made = await netbox.make('users/tokens', { user: user.id, write_enabled: true });
  const patch = async (path: string, sent: JsonObject): Promise<void> => {
    const { status, text } = await netbox.call('PATCH', path, sent);
    if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
  };
  return {
    name,
    password,
    token: made['version'] === 2 ? `nbt_${textOf(made['key'])}.${textOf(made['token'])}` : textOf(made['token'] ?? made['key']),
    change: ({ isWriting, isEnabled, isExpired }) =>
      patch(`users/tokens/${made.id}/`, {
        ...(isWriting !== undefined && { write_enabled: isWriting }),
        ...(isEnabled !== undefined && { enabled: isEnabled }),
        expires: isExpired === true ? '2020-01-01T00:00:00Z' : null,
      }),
    loseRights: () => patch(`users/permissions/${permission.id}/`, { enabled: false }),
  };
}
