// Puts the table of tools/module-map.cjs between the markers of ARCHITECTURE.md. `--check` only says whether it is there.
// `node tools/write-module-map.mjs [--check] [page]`
import fs from 'node:fs';
import { createRequire } from 'node:module';

const { moduleMapTable } = createRequire(import.meta.url)('./module-map.cjs');
const BETWEEN_MARKERS = /(<!-- module-map -->\n)[^]*?(<!-- \/module-map -->)/;

const isCheck = process.argv.includes('--check');
const file = process.argv.slice(2).find((argument) => argument !== '--check') ?? new URL('../ARCHITECTURE.md', import.meta.url);
const page = fs.readFileSync(file, 'utf8');
if (!BETWEEN_MARKERS.test(page)) {
  console.error(`${file} has no <!-- module-map --> … <!-- /module-map --> markers`);
  process.exit(1);
}
const fresh = page.replace(BETWEEN_MARKERS, (_all, begin, end) => `${begin}${moduleMapTable()}\n${end}`);
if (!isCheck) fs.writeFileSync(file, fresh);
else if (fresh !== page) {
  console.error('ARCHITECTURE.md shows another module map than tools/module-map.cjs: npm run gen');
  process.exitCode = 1;
}
