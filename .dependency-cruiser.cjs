// Import rules, made from the table in tools/module-map.cjs. Every rule here has a planted violation in
// test/architecture/import-rules.spec.ts; a rule without one fails that test.
const { rooms, siblings, directoryOf, targetsOf } = require('./tools/module-map.cjs');

const literally = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
const below = (directory) => `^${literally(directory)}/`;
const TESTS = '(\\.spec\\.ts$|/src/testing/|^test/)';
const ROOM = '(?:libs/(?:engines|contexts|adapters)/[^/]+|libs/platform|apps/[^/]+|migrations)';
const PURE = ['^libs/engines/', '^libs/contexts/[^/]+/src/domain/'];
const PACKAGES = ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-bundled', 'npm-no-pkg', 'core'];
const npm = (...names) => `^node_modules/(${names.map(literally).join('|')})/`;

/** What a room may reach, as path patterns. A door of a lib is a file; its testing door is as open as its own door. */
function reachable(entry) {
  return targetsOf(entry).map(({ room, part }) => `${below(directoryOf(room))}${part === 'ports' ? 'src/ports/' : ''}`);
}

const onlyDown = rooms.map(({ room, imports }) => ({
  name: 'imports-only-go-down',
  comment: `${room} may import ${imports.join(', ') || 'no other room'} (tools/module-map.cjs)`,
  severity: 'error',
  from: { path: below(directoryOf(room)) },
  to: { path: `^${ROOM}/`, pathNot: [below(directoryOf(room)), ...imports.flatMap(reachable)] },
}));

const forbidden = [
  ...onlyDown,
  {
    name: 'siblings-never-meet',
    comment: 'provisioning, deployment and sync meet in the closed union of events, never in an import',
    severity: 'error',
    from: { path: `^(${siblings.map(directoryOf).map(literally).join('|')})/` },
    to: { path: siblings.map(directoryOf).map(below), pathNot: '^$1/' },
  },
  {
    name: 'enter-by-the-door',
    comment: 'a lib is entered by #room, #room/ports or, from tests, #room/testing: never by a path into it',
    severity: 'error',
    from: { path: '^(libs/(?:engines|contexts|adapters)/[^/]+|libs/platform|apps|migrations|test|tools)/' },
    to: { path: '^libs/', pathNot: ['^$1/', '^libs/(?:(?:engines|contexts|adapters)/[^/]+|platform)/src/(?:ports/|testing/)?index\\.ts$'] },
  },
  {
    name: 'testing-is-for-tests',
    comment: 'fakes and factories are for specs, test/ and the lab',
    severity: 'error',
    from: { path: '^(libs|apps|migrations)/', pathNot: [TESTS, '^apps/lab/'] },
    to: { path: ['/src/testing/', '^test/'] },
  },
  {
    name: 'pure-rooms-import-no-package',
    comment: 'engines and domain/ import no npm package and no node: module; kernel alone may use ip-address and node:crypto',
    severity: 'error',
    from: { path: PURE, pathNot: [TESTS, '^libs/engines/kernel/'] },
    to: { dependencyTypes: PACKAGES },
  },
  {
    name: 'pure-rooms-import-no-package',
    comment: 'kernel may use ip-address and node:crypto (hashing), nothing else',
    severity: 'error',
    from: { path: '^libs/engines/kernel/', pathNot: TESTS },
    to: { dependencyTypes: PACKAGES, pathNot: [npm('ip-address'), '^(node:)?crypto$'] },
  },
  {
    name: 'domain-knows-no-machinery',
    comment: 'what runs in domain/ comes from engines, its own ports and other domain files; of the rest it may name types',
    severity: 'error',
    from: { path: '^(libs/contexts/[^/]+)/src/domain/', pathNot: TESTS },
    to: {
      path: '^(libs|apps|migrations|test)/',
      pathNot: ['^libs/engines/', '^$1/src/(domain|ports)/'],
      dependencyTypesNot: ['type-only'],
    },
  },
  {
    name: 'api-never-imports-store',
    comment: 'GraphQL objects are not entities: a service stands between',
    severity: 'error',
    from: { path: '/src/api/' },
    to: { path: '/src/store/' },
  },
  {
    name: 'typeorm-only-in-store',
    comment: 'only store/, platform/db and migrations know TypeORM; others get a Tx',
    severity: 'error',
    from: { path: '^(libs|apps|migrations)/', pathNot: ['/src/store/', '^libs/platform/src/db/', '^migrations/'] },
    to: { path: npm('typeorm', '@nestjs/typeorm') },
  },
  {
    name: 'axios-only-in-outbound',
    comment: 'the one HTTP client is #adapters/outbound: deadlines, retries, redaction and the address guard are in it',
    severity: 'error',
    from: { path: '^(libs|apps|migrations)/', pathNot: '^libs/adapters/outbound/' },
    to: { path: npm('axios') },
  },
  {
    name: 'ssh2-only-in-ssh',
    comment: 'hosts are reached through #adapters/ssh, where the host key is pinned; the lab and tests play the other end',
    severity: 'error',
    from: { path: '^(libs|apps|migrations)/', pathNot: ['^libs/adapters/ssh/', '^apps/lab/', TESTS] },
    to: { path: npm('ssh2') },
  },
  {
    name: 'no-dev-dependency-at-run-time',
    comment: 'what runs is installed with --omit=dev',
    severity: 'error',
    from: { path: '^(libs|apps|migrations)/', pathNot: TESTS },
    to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'no-cycles',
    comment: 'files that need each other are one file, or lack a third one',
    severity: 'error',
    from: {},
    to: { circular: true },
  },
  {
    name: 'no-orphans',
    comment: 'a file that nobody imports and that imports nobody is dead',
    severity: 'error',
    from: { orphan: true, path: '^(libs|apps|migrations)/', pathNot: [TESTS, '^apps/[^/]+/src/[^/]+\\.ts$', '\\.d\\.ts$'] },
    to: {},
  },
  {
    name: 'resolvable',
    comment: 'an import that resolves to nothing is checked by no rule',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true },
  },
];

module.exports = {
  forbidden,
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|golden)/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['source', 'import', 'require', 'node', 'default', 'types'] },
  },
};
