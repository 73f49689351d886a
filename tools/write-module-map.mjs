// Puts the table of tools/module-map.cjs between the markers of ARCHITECTURE.md. `--check` only says whether it is there.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const { moduleMapTable } = createRequire(import.meta.url)('./module-map.cjs');
const BETWEEN_MARKERS = /(<!-- module-map -->\n)[^]*?(<!-- \/module-map -->)/;

/** The page with the table between its markers. Throws when the page has no markers. */
export function withModuleMap(page) {
  if (!BETWEEN_MARKERS.test(page)) throw new Error('the page has no <!-- module-map --> … <!-- /module-map --> markers');
  return page.replace(BETWEEN_MARKERS, (_all, begin, end) => `${begin}${moduleMapTable()}\n${end}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = new URL('../ARCHITECTURE.md', import.meta.url);
  const page = fs.readFileSync(file, 'utf8');
  const fresh = withModuleMap(page);
  if (!process.argv.includes('--check')) fs.writeFileSync(file, fresh);
  else if (fresh !== page) {
    console.error('ARCHITECTURE.md shows another module map than tools/module-map.cjs: npm run gen');
    process.exitCode = 1;
  }
}
