import fs from 'node:fs';
import path from 'node:path';
import { isKnownErrorCode } from '#platform';

/** Rooms whose errors reach the API or the inbox. Adapters and lab have classes of their own, which are always masked. */
const ROOMS = ['libs/contexts', 'libs/platform', 'libs/engines'];

function codesInSources(): Map<string, string> {
  const found = new Map<string, string>();
  for (const room of ROOMS) {
    for (const name of fs.readdirSync(room, { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts') || name.endsWith('.spec.ts')) continue;
      const text = fs.readFileSync(path.join(room, name), 'utf8');
      for (const [, code] of text.matchAll(/new DomainError(?:<[^>]*>)?\(\s*'([A-Z0-9_]+)'/g)) found.set(code as string, `${room}/${name}`);
    }
  }
  return found;
}

describe('the table of errors', () => {
  it('knows every code that the sources throw', () => {
    const codes = codesInSources();
    expect(codes.size).toBeGreaterThan(10);
    expect([...codes].filter(([code]) => !isKnownErrorCode(code))).toEqual([]);
  });
});
