import { runTool } from './run-tool.js';
import { type Files, SourceTree } from './source-tree.js';

/** The exceptions, and text that only looks like a violation. */
const CLEAN: Files = {
  'libs/platform/src/config/config.ts': 'export const env = process.env;\n',
  'apps/lab/src/demo.ts': 'console.log(process.env.HOME, Date.now());\n',
  'apps/cli/src/main.ts': "console.log('done');\n",
  'libs/engines/kernel/src/a.spec.ts': 'export const now = Date.now();\n',
  'libs/engines/kernel/src/a.ts': "// never Date.now() or process.env\nexport const text = 'console.log(new Date())';\n",
  'libs/contexts/sync/src/domain/a.ts': 'export const at = (text: string) => new Date(text);\n',
  'libs/contexts/sync/src/a.ts': 'export const run = (target: { fetch(): void }) => [target.fetch(), Date.now()];\n',
  'libs/adapters/ssh/src/a.ts': "import { pid } from 'node:process';\nexport default pid;\n",
  'test/support/a.ts': 'console.log(process.env.CI);\n',
};

const PLANTED = [
  { rule: 'environment-only-in-config', file: 'libs/contexts/sync/src/b.ts', text: 'export const a = process.env.A;\n' },
  { rule: 'environment-only-in-config', file: 'apps/api/src/b.ts', text: 'const { env } = process;\nexport default env;\n' },
  { rule: 'environment-only-in-config', file: 'apps/cli/src/b.ts', text: "import { env } from 'node:process';\nexport default env;\n" },
  { rule: 'environment-only-in-config', file: 'apps/worker/src/b.ts', text: "export default process['env'];\n" },
  { rule: 'pure-rooms-have-no-clock-and-no-dice', file: 'libs/engines/intent/src/b.ts', text: 'export const at = new Date();\n' },
  { rule: 'pure-rooms-have-no-clock-and-no-dice', file: 'libs/engines/rendering/src/b.ts', text: 'export const at = Date.now();\n' },
  {
    rule: 'pure-rooms-have-no-clock-and-no-dice',
    file: 'libs/contexts/numbering/src/domain/b.ts',
    text: 'export const n = Math.random();\n',
  },
  { rule: 'pure-rooms-have-no-clock-and-no-dice', file: 'libs/engines/reconcile/src/b.ts', text: 'setTimeout(() => undefined, 1);\n' },
  { rule: 'console-only-at-the-edge', file: 'libs/adapters/eos/src/b.ts', text: "console.error('no');\n" },
  { rule: 'console-only-at-the-edge', file: 'apps/worker/src/c.ts', text: "globalThis.console.log('no');\n" },
  { rule: 'fetch-only-through-outbound', file: 'libs/adapters/powerdns/src/b.ts', text: "export default fetch('http://localhost');\n" },
];

describe('home rules', () => {
  it('pass what only looks like a violation, and every exception', () => {
    const tree = new SourceTree(CLEAN);
    expect(runTool('home-rules.mjs', tree.root)).toEqual({ code: 0, errors: [] });
    tree.remove();
  });

  describe('in a tree where each is broken', () => {
    let errors: string[];

    beforeAll(() => {
      const tree = new SourceTree(Object.fromEntries(PLANTED.map(({ file, text }) => [file, text])));
      errors = runTool('home-rules.mjs', tree.root).errors;
      tree.remove();
    });

    it.each(PLANTED)('refuse as $rule: $text', ({ rule, file }) => {
      expect(errors.filter((error) => error.startsWith(`${file}:`))).toEqual([expect.stringMatching(`:[0-9]+ ${rule}: .+; .+`)]);
    });
  });

  it('pass this repository', () => {
    expect(runTool('home-rules.mjs')).toEqual({ code: 0, errors: [] });
  });
});
