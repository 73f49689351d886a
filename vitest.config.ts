import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';

// Package imports (`#contexts/…`) resolve to sources under the condition "source"; never add 'import'/'node' by hand (breaks typeorm).
const conditions = ['source', ...defaultServerConditions];

export default defineConfig({
  resolve: { tsconfigPaths: true },
  ssr: { resolve: { conditions, externalConditions: ['node'] } },
  test: {
    globals: true,
    environment: 'node',
    pool: 'forks',
    globalSetup: ['test/support/global-setup.ts'],
    projects: [
      { extends: true, test: { name: 'unit', include: ['{apps,libs,test/architecture}/**/*.spec.ts'], exclude: ['**/*.medium.spec.ts', '**/node_modules/**'], isolate: false } },
      { extends: true, test: { name: 'medium', include: ['{apps,libs,test}/**/*.medium.spec.ts'], fileParallelism: false, testTimeout: 60_000, hookTimeout: 60_000 } },
      { extends: true, test: { name: 'lab', include: ['test/lab/**/*.lab.spec.ts'], fileParallelism: false, testTimeout: 180_000, hookTimeout: 180_000 } },
    ],
  },
});
