// `write-schema.js <file> [--check]`: what `trame gen` runs.
import fs from 'node:fs';
import { schemaText } from './schema.js';

const [file = 'schema.graphql', flag] = process.argv.slice(2);
const wanted = await schemaText();
const found = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined;
if (found === wanted) {
  process.stdout.write(`${file} is up to date\n`);
} else if (flag === '--check') {
  process.stderr.write(`${file} is stale: run \`npm run gen\` and review the difference\n`);
  process.exitCode = 1;
} else {
  fs.writeFileSync(file, wanted);
  process.stdout.write(`${file} was written\n`);
}
