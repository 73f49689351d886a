// Each rule of .dependency-cruiser.cjs is broken once in a scratch tree, and the tool must say so by name.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { type Files, importViolations, REPOSITORY, SourceTree } from './source-tree.js';

const require = createRequire(import.meta.url);
const { forbidden } = require('../../.dependency-cruiser.cjs') as { forbidden: { name: string }[] };
const { rooms, siblings, directoryOf } = require('../../tools/module-map.cjs') as {
  rooms: { rank: number; room: string; imports: string[] }[];
  siblings: string[];
  directoryOf(room: string): string;
};

const PACKAGES = ['typeorm', 'axios', 'ssh2', 'ip-address', 'diff', 'fast-check'];

/** Obeys every rule, and uses every exception that there is. */
const CLEAN: Files = {
  'libs/engines/kernel/src/index.ts': "export * from './ip.js';\n",
  'libs/engines/kernel/src/ip.ts':
    "import { createHash } from 'node:crypto';\nimport { Address4 } from 'ip-address';\nexport const ip = [createHash, Address4];\n",
  'libs/platform/src/index.ts': "export { tx } from './db/tx.js';\n",
  'libs/platform/src/db/tx.ts':
    "import { DataSource } from 'typeorm';\nimport { migrations } from '../../../../migrations/index.js';\nexport const tx = [DataSource, migrations];\n",
  'migrations/index.ts': "import { first } from './0001-first.js';\nexport const migrations = [first];\n",
  'migrations/0001-first.ts': "import type { QueryRunner } from 'typeorm';\nexport const first = (q: QueryRunner) => q;\n",
  'libs/contexts/tenancy/src/index.ts': "export { tenants } from './tenant.service.js';\nexport type { Rule } from './domain/rule.js';\n",
  'libs/contexts/tenancy/src/tenant.service.ts':
    "import { tx } from '#platform';\nimport { rule } from './domain/rule.js';\nimport { table } from './store/tenant.entity.js';\nexport const tenants = [tx, rule, table];\n",
  'libs/contexts/tenancy/src/domain/rule.ts':
    "import { ip } from '#engines/kernel';\nexport type Rule = string;\nexport const rule = ip;\n",
  'libs/contexts/tenancy/src/store/tenant.entity.ts': "import { Entity } from 'typeorm';\nexport const table = Entity;\n",
  'libs/contexts/tenancy/src/testing/index.ts': "import { tenants } from '../tenant.service.js';\nexport const givenTenant = tenants;\n",
  'libs/contexts/tenancy/src/tenancy.spec.ts':
    "import fc from 'fast-check';\nimport { givenTenant } from '#contexts/tenancy/testing';\nexport default [fc, givenTenant];\n",
  'libs/contexts/deployment/src/index.ts': "export { transport } from './ports/index.js';\n",
  'libs/contexts/deployment/src/ports/index.ts': "import { ip } from '#engines/kernel';\nexport const transport = ip;\n",
  'libs/adapters/outbound/src/index.ts': "import axios from 'axios';\nexport const http = axios;\n",
  'libs/adapters/ssh/src/index.ts':
    "import ssh2 from 'ssh2';\nimport { transport } from '#contexts/deployment/ports';\nexport const ssh = [ssh2, transport];\n",
  'apps/lab/src/demo.ts':
    "import ssh2 from 'ssh2';\nimport { tenants } from '#contexts/tenancy';\nimport { givenTenant } from '#contexts/tenancy/testing';\nexport default [ssh2, tenants, givenTenant];\n",
  'test/lab/demo.lab.spec.ts': "import demo from '../../apps/lab/src/demo.js';\nexport default demo;\n",
};

interface Planted {
  readonly rule: string;
  /** What the violation would do, for the title of the test. */
  readonly deed: string;
  readonly files: Files;
}

const imports = (specifier: string): string => `import * as it from '${specifier}';\nexport const planted = it;\n`;

const VIOLATIONS: readonly Planted[] = [
  { rule: 'imports-only-go-down', deed: 'an engine imports platform', files: { 'libs/engines/intent/src/a.ts': imports('#platform') } },
  { rule: 'imports-only-go-down', deed: 'platform imports a context', files: { 'libs/platform/src/a.ts': imports('#contexts/tenancy') } },
  {
    rule: 'imports-only-go-down',
    deed: 'a low context imports a higher one',
    files: { 'libs/contexts/numbering/src/a.ts': imports('#contexts/tenancy') },
  },
  {
    rule: 'imports-only-go-down',
    deed: 'an adapter takes more of a context than its ports',
    files: { 'libs/adapters/eos/src/a.ts': imports('#contexts/deployment') },
  },
  { rule: 'imports-only-go-down', deed: 'one app imports another', files: { 'apps/api/src/a.ts': imports('../../lab/src/demo.js') } },
  {
    rule: 'siblings-never-meet',
    deed: 'provisioning imports deployment',
    files: { 'libs/contexts/provisioning/src/a.ts': imports('#contexts/deployment') },
  },
  {
    rule: 'siblings-never-meet',
    deed: 'sync imports the ports of deployment',
    files: { 'libs/contexts/sync/src/a.ts': imports('#contexts/deployment/ports') },
  },
  {
    rule: 'enter-by-the-door',
    deed: 'a context reaches into a file of another',
    files: { 'libs/contexts/addressing/src/a.ts': imports('../../tenancy/src/tenant.service.js') },
  },
  {
    rule: 'enter-by-the-door',
    deed: 'an app reaches into a lib',
    files: { 'apps/api/src/b.ts': imports('../../../libs/platform/src/db/tx.js') },
  },
  {
    rule: 'enter-by-the-door',
    deed: 'a test reaches into a lib',
    files: { 'test/medium/a.medium.spec.ts': imports('../../libs/platform/src/db/tx.js') },
  },
  {
    rule: 'testing-is-for-tests',
    deed: 'a service uses a fake',
    files: { 'libs/contexts/fabric/src/a.ts': imports('#contexts/tenancy/testing') },
  },
  {
    rule: 'testing-is-for-tests',
    deed: 'a service uses test support',
    files: { 'libs/contexts/fabric/src/b.ts': imports('../../../../test/support/a.js'), 'test/support/a.ts': 'export const a = 1;\n' },
  },
  { rule: 'pure-rooms-import-no-package', deed: 'an engine reads files', files: { 'libs/engines/rendering/src/a.ts': imports('node:fs') } },
  {
    rule: 'pure-rooms-import-no-package',
    deed: 'an engine takes what only kernel may',
    files: { 'libs/engines/intent/src/b.ts': imports('ip-address') },
  },
  {
    rule: 'pure-rooms-import-no-package',
    deed: 'a domain rule uses a package',
    files: { 'libs/contexts/fabric/src/domain/a.ts': imports('diff') },
  },
  { rule: 'pure-rooms-import-no-package', deed: 'kernel uses another package', files: { 'libs/engines/kernel/src/a.ts': imports('diff') } },
  {
    rule: 'domain-knows-no-machinery',
    deed: 'a domain rule calls its store',
    files: { 'libs/contexts/tenancy/src/domain/a.ts': imports('../store/tenant.entity.js') },
  },
  {
    rule: 'api-never-imports-store',
    deed: 'a resolver returns an entity',
    files: { 'libs/contexts/tenancy/src/api/a.ts': imports('../store/tenant.entity.js') },
  },
  {
    rule: 'typeorm-only-in-store',
    deed: 'a service opens its own transaction',
    files: { 'libs/contexts/tenancy/src/a.ts': imports('typeorm') },
  },
  {
    rule: 'axios-only-in-outbound',
    deed: 'an adapter has its own HTTP client',
    files: { 'libs/adapters/powerdns/src/a.ts': imports('axios') },
  },
  { rule: 'ssh2-only-in-ssh', deed: 'a context opens an SSH session', files: { 'libs/contexts/deployment/src/a.ts': imports('ssh2') } },
  {
    rule: 'no-dev-dependency-at-run-time',
    deed: 'a service needs a test tool',
    files: { 'libs/contexts/sync/src/b.ts': imports('fast-check') },
  },
  {
    rule: 'no-cycles',
    deed: 'two files import each other',
    files: { 'libs/contexts/events/src/a.ts': imports('./b.js'), 'libs/contexts/events/src/b.ts': imports('./a.js') },
  },
  { rule: 'no-orphans', deed: 'nobody knows a file', files: { 'libs/contexts/access/src/a.ts': 'export const alone = 1;\n' } },
  { rule: 'resolvable', deed: 'an import leads nowhere', files: { 'libs/contexts/access/src/b.ts': imports('#contexts/gone') } },
];

describe('import rules', () => {
  let clean: string[];
  let planted: string[];

  beforeAll(() => {
    const cleanTree = new SourceTree(CLEAN, PACKAGES);
    const plantedTree = new SourceTree(Object.assign({}, CLEAN, ...VIOLATIONS.map(({ files }) => files)), PACKAGES);
    clean = importViolations(cleanTree.root);
    planted = importViolations(plantedTree.root);
    cleanTree.remove();
    plantedTree.remove();
  }, 30_000);

  it('pass a tree that uses every exception they have', () => {
    expect(clean).toEqual([]);
  });

  it.each(VIOLATIONS)('refuse as $rule: $deed', ({ rule, files }) => {
    const [culprit] = Object.keys(files);
    expect(planted.filter((violation) => violation.startsWith(`${rule}: ${culprit} `))).not.toEqual([]);
  });

  it('are each broken at least once above', () => {
    const broken = new Set(VIOLATIONS.map(({ rule }) => rule));
    expect([...new Set(forbidden.map(({ name }) => name))].filter((name) => !broken.has(name))).toEqual([]);
  });
});

describe('the module map', () => {
  const rankOf = new Map(rooms.map(({ room, rank }) => [room, rank]));

  it('lets no room import its own rank or a higher one', () => {
    const upward = rooms.flatMap(({ room, rank, imports: names }) =>
      names
        .filter((name) => !name.endsWith('/*'))
        .map((name) => name.replace(/\/ports$/, ''))
        .filter((name) => (rankOf.get(name) ?? Number.POSITIVE_INFINITY) >= rank)
        .map((name) => `${room} → ${name}`),
    );
    expect(upward).toEqual([]);
  });

  it('names every room there is, and no other', () => {
    const found = ['libs/engines', 'libs/contexts', 'libs/adapters', 'apps'].flatMap((family) =>
      fs.readdirSync(path.join(REPOSITORY, family)).map((name) => `${family}/${name}`),
    );
    expect(rooms.map(({ room }) => directoryOf(room)).sort()).toEqual([...found, 'libs/platform', 'migrations'].sort());
  });

  it('keeps the siblings on one rank', () => {
    expect(new Set(siblings.map((room) => rankOf.get(room))).size).toBe(1);
  });
});
