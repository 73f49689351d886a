// Rules of this house that no ready-made tool has: what a file may reach without importing it (globals, the environment).
// The import rules are in .dependency-cruiser.cjs. `node tools/home-rules.mjs [root]` prints one line per violation.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const TESTS = /\.spec\.ts$|\/testing\/|^test\/|^tools\//;
const PURE = /^libs\/engines\/|^libs\/contexts\/[^/]+\/src\/domain\//;

/** `reads` matches what a file says, as dotted text (`process.env`, `Date.now()`, `new Date()`). */
const RULES = [
  {
    name: 'environment-only-in-config',
    instead: 'declare the setting in libs/platform/src/config and take a Config',
    reads: /^process\.env$/,
    applies: (file) => !TESTS.test(file) && !/^libs\/platform\/src\/config\/|^apps\/lab\/|^[^/]+\.config\.ts$/.test(file),
  },
  {
    name: 'pure-rooms-have-no-clock-and-no-dice',
    instead: 'take the time or the number as an argument',
    reads:
      /^(new Date\(\)|Date\(\)|Date\.now|performance\.now|Math\.random|crypto\.(randomUUID|getRandomValues)|setTimeout|setInterval|setImmediate)$/,
    applies: (file) => !TESTS.test(file) && PURE.test(file),
  },
  {
    name: 'console-only-at-the-edge',
    instead: 'log an event with fields through the Logger of #platform',
    reads: /^console\.\w+$/,
    applies: (file) => !TESTS.test(file) && !/^apps\/(cli|lab)\//.test(file),
  },
  {
    name: 'fetch-only-through-outbound',
    instead: 'use #adapters/outbound: deadlines, retries, redaction and the address guard are in it',
    reads: /^fetch$/,
    applies: (file) => !TESTS.test(file) && /^libs\//.test(file),
  },
];

/** One line per violation: `file:line rule-name: what was found; what to do instead`. */
function violationsIn(root, file) {
  const rules = RULES.filter(({ applies }) => applies(file));
  if (rules.length === 0) return [];
  const source = ts.createSourceFile(file, fs.readFileSync(path.join(root, file), 'utf8'), ts.ScriptTarget.ES2023, true);
  const found = [];
  const visit = (node) => {
    const said = saidBy(node);
    const rule = said && rules.find(({ reads }) => reads.test(said));
    if (rule) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      found.push(`${file}:${line + 1} ${rule.name}: ${said}; ${rule.instead}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The forms in which a global is read; `undefined` for all other nodes. */
function saidBy(node) {
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date') return node.arguments?.length ? undefined : 'new Date()';
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
    return node.expression.text === 'Date' ? 'Date()' : node.expression.text;
  }
  if (ts.isPropertyAccessExpression(node)) return node.getText().replace(/^globalThis\.|\?|\s/g, '');
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) {
    return `${node.expression.getText()}.${node.argumentExpression.text}`;
  }
  // const { env } = process;   import { env } from 'node:process';
  if (ts.isVariableDeclaration(node) && node.initializer?.getText() === 'process' && ts.isObjectBindingPattern(node.name)) {
    return node.name.elements.some((element) => (element.propertyName ?? element.name).getText() === 'env') ? 'process.env' : undefined;
  }
  if (ts.isImportDeclaration(node) && /^(node:)?process$/.test(node.moduleSpecifier.text)) {
    const names = node.importClause?.namedBindings;
    return names && ts.isNamedImports(names) && names.elements.every((element) => (element.propertyName ?? element.name).text !== 'env')
      ? undefined
      : 'process.env';
  }
  return undefined;
}

function sourcesBelow(root, directory) {
  if (!fs.existsSync(path.join(root, directory))) return [];
  return fs
    .readdirSync(path.join(root, directory), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.ts$/.test(name) && !/\.d\.ts$|node_modules/.test(name))
    .map((name) => `${directory}/${name.split(path.sep).join('/')}`)
    .sort();
}

const root = process.argv[2] ?? path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const violations = ['apps', 'libs', 'migrations', 'test']
  .flatMap((directory) => sourcesBelow(root, directory))
  .flatMap((file) => violationsIn(root, file));
for (const violation of violations) console.error(violation);
process.exitCode = violations.length > 0 ? 1 : 0;
