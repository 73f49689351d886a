// Whoever gets an error code finds it in docs/reference/errors.md.
import fs from 'node:fs';
import path from 'node:path';
import { ErrorCode, TOP_LEVEL_ERRORS } from '#platform';
import { REPOSITORY } from './source-tree.js';

const read = (file: string): string => fs.readFileSync(path.join(REPOSITORY, file), 'utf8');

/** The codes in quotes between the name of a declaration and its end. */
function codesOf(file: string, declaration: string): string[] {
  const text = read(file);
  const start = text.indexOf(declaration);
  if (start < 0) throw new Error(`${file} does not declare ${declaration}`);
  const body = text.slice(start, text.indexOf(';\n', start));
  return [...body.matchAll(/'([A-Z][A-Z_]+)'/g)].map(([, code]) => code as string);
}

/** What the domain throws: `new DomainError('CODE', …)` in the sources that run, wherever it stands. */
function thrownCodes(): string[] {
  return ['apps', 'libs']
    .flatMap((directory) =>
      fs.readdirSync(path.join(REPOSITORY, directory), { recursive: true, encoding: 'utf8' }).map((name) => `${directory}/${name}`),
    )
    .filter((file) => file.endsWith('.ts') && !/\.spec\.ts$|\/testing\//.test(file))
    .flatMap((file) => [...read(file).matchAll(/new DomainError\(\s*'([A-Z_]+)'/g)].map(([, code]) => code as string));
}

const DECLARED: readonly (readonly [what: string, codes: readonly string[]])[] = [
  ['payload errors', Object.values(ErrorCode)],
  ['top-level errors', Object.keys(TOP_LEVEL_ERRORS)],
  ['operator codes', codesOf('libs/platform/src/graphql/error-table.ts', 'OPERATOR_CODES: ReadonlySet')],
  ['answers to webhooks', codesOf('libs/contexts/events/src/inbox.service.ts', 'readonly code:')],
  ['errors of devices', codesOf('libs/contexts/deployment/src/ports/device-transport.ts', 'type TransportErrorCode')],
  ['findings', codesOf('libs/engines/intent/src/finding.ts', 'type FindingCode')],
  ['errors of name servers', codesOf('libs/adapters/powerdns/src/powerdns-error.ts', 'type PowerDnsCode')],
  ['errors of a phpIPAM', codesOf('libs/adapters/phpipam/src/phpipam-error.ts', 'type PhpIpamErrorCode')],
  ['errors of the HTTP client', codesOf('libs/adapters/outbound/src/outbound-error.ts', 'type OutboundCode')],
  ['whatever else the domain throws', thrownCodes()],
];

describe('docs/reference/errors.md', () => {
  const documented = new Set([...read('docs/reference/errors.md').matchAll(/`([A-Z][A-Z_]+)`/g)].map(([, code]) => code as string));

  it.each(DECLARED)('has a line for each of the %s', (_what, codes) => {
    expect(codes.length).toBeGreaterThan(3);
    expect(codes.filter((code) => !documented.has(code))).toEqual([]);
  });

  it('has no line for a code that nobody says', () => {
    const said = new Set(DECLARED.flatMap(([, codes]) => codes));
    const rows = [...read('docs/reference/errors.md').matchAll(/^\| (?:\d+ \| )?`([A-Z][A-Z_]+)` \|/gm)].map(([, code]) => code as string);
    // Verdicts of libs/contexts/provisioning/src/domain/order-progress.ts; the door of apps/api/src/webhooks/webhook-routes.ts.
    const elsewhere = ['TIMEOUT', 'DEVICE_UNREACHABLE', 'RATE_LIMITED'];
    expect(rows.length).toBeGreaterThan(60);
    expect(rows.filter((code) => !said.has(code) && !elsewhere.includes(code))).toEqual([]);
  });
});
