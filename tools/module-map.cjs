// THE module map: who may import whom. `.dependency-cruiser.cjs` turns it into rules, `tools/write-module-map.mjs` into the
// table of ARCHITECTURE.md. Imports only go down: a room names rooms of a lower rank, never one of its own.
//
// An entry of `imports` is a room (its door `index.ts` and its `ports`), a room's ports alone (`contexts/sync/ports`), or a
// family (`contexts/*`).

/** @type {readonly { rank: number; room: string; imports: readonly string[] }[]} */
const rooms = [
  { rank: 0, room: 'engines/kernel', imports: [] },
  { rank: 0, room: 'migrations', imports: [] },

  { rank: 1, room: 'engines/intent', imports: ['engines/kernel'] },
  { rank: 1, room: 'engines/reconcile', imports: ['engines/kernel'] },
  { rank: 1, room: 'engines/pve-sdn', imports: ['engines/kernel'] },
  { rank: 1, room: 'adapters/outbound', imports: ['engines/kernel'] },
  { rank: 1, room: 'platform', imports: ['engines/kernel', 'migrations'] },

  { rank: 2, room: 'engines/adoption', imports: ['engines/kernel', 'engines/intent', 'engines/reconcile'] },
  { rank: 2, room: 'engines/rendering', imports: ['engines/kernel', 'engines/intent'] },
  { rank: 2, room: 'contexts/access', imports: ['engines/kernel', 'platform'] },

  {
    rank: 3,
    room: 'engines/onboarding',
    imports: ['engines/kernel', 'engines/intent', 'engines/reconcile', 'engines/pve-sdn', 'engines/adoption', 'engines/rendering'],
  },
  { rank: 3, room: 'contexts/events', imports: ['engines/kernel', 'platform', 'adapters/outbound', 'contexts/access'] },
  { rank: 4, room: 'contexts/numbering', imports: ['engines/kernel', 'platform', 'contexts/access', 'contexts/events'] },
  {
    rank: 5,
    room: 'contexts/tenancy',
    imports: ['engines/kernel', 'platform', 'contexts/access', 'contexts/events', 'contexts/numbering'],
  },
  {
    rank: 6,
    room: 'contexts/addressing',
    imports: ['engines/kernel', 'platform', 'contexts/access', 'contexts/events', 'contexts/numbering', 'contexts/tenancy'],
  },
  {
    rank: 7,
    room: 'contexts/allocation',
    imports: [
      'engines/kernel',
      'platform',
      'contexts/access',
      'contexts/events',
      'contexts/numbering',
      'contexts/tenancy',
      'contexts/addressing',
    ],
  },
  {
    rank: 8,
    room: 'contexts/fabric',
    imports: [
      'engines/kernel',
      'engines/intent',
      'platform',
      'contexts/access',
      'contexts/events',
      'contexts/numbering',
      'contexts/tenancy',
      'contexts/addressing',
    ],
  },

  {
    rank: 8,
    room: 'contexts/facade',
    imports: ['engines/kernel', 'platform', 'contexts/access', 'contexts/events', 'contexts/tenancy', 'contexts/addressing'],
  },

  // Siblings: they meet in the closed union of events.
  {
    rank: 9,
    room: 'contexts/provisioning',
    imports: [
      'engines/kernel',
      'engines/intent',
      'platform',
      'contexts/access',
      'contexts/events',
      'contexts/numbering',
      'contexts/tenancy',
      'contexts/addressing',
      'contexts/fabric',
    ],
  },
  {
    rank: 9,
    room: 'contexts/deployment',
    imports: [
      'engines/kernel',
      'engines/intent',
      'engines/rendering',
      'engines/reconcile',
      'engines/adoption',
      'platform',
      'contexts/access',
      'contexts/events',
      'contexts/tenancy',
      'contexts/fabric',
    ],
  },
  {
    rank: 9,
    room: 'contexts/sync',
    imports: [
      'engines/kernel',
      'engines/reconcile',
      'platform',
      'contexts/access',
      'contexts/events',
      'contexts/numbering',
      'contexts/tenancy',
      'contexts/addressing',
      'contexts/fabric',
    ],
  },

  {
    rank: 10,
    room: 'adapters/eos',
    imports: ['engines/kernel', 'engines/reconcile', 'engines/rendering', 'adapters/outbound', 'contexts/deployment/ports'],
  },
  { rank: 10, room: 'adapters/ssh', imports: ['engines/kernel', 'engines/reconcile', 'engines/rendering', 'contexts/deployment/ports'] },
  {
    rank: 10,
    room: 'adapters/proxmox',
    imports: ['engines/kernel', 'engines/rendering', 'adapters/outbound', 'contexts/deployment/ports'],
  },
  { rank: 10, room: 'adapters/powerdns', imports: ['engines/kernel', 'engines/reconcile', 'adapters/outbound', 'contexts/sync/ports'] },
  { rank: 10, room: 'adapters/netbox', imports: ['engines/kernel', 'engines/reconcile', 'adapters/outbound', 'contexts/sync/ports'] },
  { rank: 10, room: 'adapters/phpipam', imports: ['engines/kernel', 'engines/reconcile', 'adapters/outbound', 'contexts/sync/ports'] },

  { rank: 11, room: 'apps/api', imports: ['engines/kernel', 'platform', 'contexts/*'] },
  { rank: 11, room: 'apps/worker', imports: ['engines/*', 'platform', 'contexts/*', 'adapters/*'] },
  // Of the adapters that one alone: an import reads a cluster as it reads files, with no worker and no database.
  { rank: 11, room: 'apps/cli', imports: ['engines/*', 'platform', 'contexts/*', 'adapters/proxmox'] },
  { rank: 11, room: 'apps/lab', imports: ['engines/*', 'platform', 'contexts/*', 'adapters/*'] },
];

/** Rooms of one rank that describe parts of one journey and must not know one another. */
const siblings = ['contexts/provisioning', 'contexts/deployment', 'contexts/sync'];

const directoryOf = (room) => (/^(apps\/|migrations)/.test(room) ? room : `libs/${room}`);

/** @returns {{ room: string; part: 'door' | 'ports' }[]} the rooms that an entry stands for. */
function targetsOf(entry) {
  if (entry.endsWith('/*')) {
    return rooms.filter(({ room }) => room.startsWith(entry.slice(0, -1))).map(({ room }) => ({ room, part: 'door' }));
  }
  if (entry.endsWith('/ports')) return [{ room: entry.slice(0, -'/ports'.length), part: 'ports' }];
  return [{ room: entry, part: 'door' }];
}

/** The table for people: one line per room, from the bottom up. */
function moduleMapTable() {
  const lines = rooms.map(
    ({ rank, room, imports }) => `| ${rank} | \`${room}\` | ${imports.map((name) => name.replaceAll('*', '\\*')).join(', ') || '–'} |`,
  );
  return ['| rank | room | may import |', '|---|---|---|', ...lines].join('\n');
}

module.exports = { rooms, siblings, directoryOf, targetsOf, moduleMapTable };
