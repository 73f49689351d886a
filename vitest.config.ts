import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';

// Package imports (`#contexts/…`) resolve to sources under the condition "source"; never add 'import'/'node' by hand (breaks typeorm).
const conditions = ['source', ...defaultServerConditions];
const nowhere = ['**/node_modules/**', '**/dist/**'];
// Daemons and clusters by the dozen: with them `npm test` would take more than ten minutes on two cores. `npm run test:lab` runs them.
const MINUTES = [
  'apps/lab/src/bench/run-bench.medium.spec.ts',
  'test/contract/proxmox-{commit,faults,others,overtaken}.medium.spec.ts',
  'test/lab/host-transport.lab.spec.ts', // In `npm test` the same contract has the simulated host, and the other labs push to real ones.
  'test/golden/{demo-daemons,frr-daemons,hosts,openvswitch-daemons}.medium.spec.ts',
  'test/medium/{drift-hundred,frr-remediation,openvswitch-transactions,qemu-hook}.medium.spec.ts',
];

export default defineConfig({
  // graphql has no exports map: Vite would take its `module` entry while Node gives Nest the other one, and a scalar of one is none to the other.
  resolve: { tsconfigPaths: true, alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  ssr: { resolve: { conditions, externalConditions: ['node'] } },
  environments: { __vitest__: { resolve: { conditions, externalConditions: ['node'] } } }, // What globalSetup runs in.
  test: {
    globals: true,
    environment: 'node',
    pool: 'forks',
    execArgv: ['--max-semi-space-size=64'], // Less collecting: a twentieth of the time of all.
    maxWorkers: 3, // More than cores of a small machine: labs and chaos wait half of their time.
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{apps,libs,test/architecture,test/support,tools}/**/*.spec.ts'],
          exclude: ['**/*.medium.spec.ts', '**/*.lab.spec.ts', ...nowhere],
          testTimeout: 30_000, // Some run a tool; on a busy machine that takes its time.
          hookTimeout: 60_000,
          isolate: false, // Importing Nest and TypeORM once per file costs twelve times as much.
        },
      },
      {
        extends: true,
        test: {
          name: 'medium',
          include: ['{apps,libs,test}/**/*.medium.spec.ts'],
          exclude: [...nowhere, ...MINUTES],
          globalSetup: ['test/support/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'lab',
          include: ['test/lab/**/*.lab.spec.ts'],
          exclude: [...nowhere, ...MINUTES],
          globalSetup: ['test/support/global-setup.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'uml', // Starting programs in the user-mode kernel is slow: `npm run test:lab` runs these, and `npm test` does not.
          include: ['test/uml/**/*.uml.spec.ts'],
          exclude: nowhere,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'long', // What takes a minute and more, before the user-mode kernel has the machine: `npm run test:lab`, too.
          include: ['test/long/**/*.long.spec.ts', 'test/medium/**/*.model.medium.spec.ts', ...MINUTES],
          exclude: nowhere,
          env: { TRAME_MODEL_SEEDS: process.env['TRAME_MODEL_SEEDS'] ?? '21-100' }, // `npm test` plays the first twenty.
          globalSetup: ['test/support/global-setup.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
