import { readPage } from './page.js';
import { NetBoxRelease } from './release.js';
import { etagOf } from './row.js';

describe('the tag of an object', () => {
  it.each([
    ['2026-05-01T17:42:11.123456Z', 'W/"2026-05-01T17:42:11.123456+00:00"'],
    ['2026-05-01T17:42:11Z', 'W/"2026-05-01T17:42:11+00:00"'],
    ['2026-05-01T17:42:11.120000Z', 'W/"2026-05-01T17:42:11.120000+00:00"'],
    ['2026-05-01T17:42:11.12Z', 'W/"2026-05-01T17:42:11.120000+00:00"'],
    ['2026-05-01T01:42:11.000007+02:00', 'W/"2026-04-30T23:42:11.000007+00:00"'],
  ])('of %s is %s', (lastUpdated, tag) => expect(etagOf(lastUpdated)).toBe(tag));

  it.each(['', 'yesterday', '2026-05-01', '2026-13-01T00:00:00Z'])('is not made of %j', (text) => {
    expect(() => etagOf(text)).toThrow(expect.objectContaining({ code: 'NETBOX_UNEXPECTED_ANSWER' }));
  });
});

describe('a release', () => {
  it.each([
    ['4.2.9', '4.2', false],
    ['4.5.10-Docker-3.4.1', '4.5', false],
    ['v4.6.8', '4.6', true],
    ['4.7.0-beta1', '4.7', true],
    ['4.10.1', '4.10', true],
  ])('%s is spoken', (version, api, hasPreconditions) => {
    expect(NetBoxRelease.parse(version)).toMatchObject({ version, api, hasPreconditions });
  });

  it.each(['4.1.11', '3.7.8', '5.0.0', 'something', ''])('%j is refused with what is accepted', (version) => {
    const parse = () => NetBoxRelease.parse(version);
    expect(parse).toThrow(expect.objectContaining({ code: 'NETBOX_RELEASE', message: expect.stringContaining('4.2 to 4.7') }));
  });
});

describe('a page', () => {
  const row = (id: number) => ({ id, display: `object ${id}`, last_updated: null, custom_fields: {} });
  const page = (ids: number[], count: number | null, next: string | null) =>
    readPage({ count, next, previous: null, results: ids.map(row) }, 5, 'GET /x/');

  it.each([
    ['the last, counted', [5, 9], 2, null],
    ['one with more after it', [5, 9], 3, 'http://x/?limit=2'],
    ['from a cursor, which counts nothing', [5, 9], null, 'http://x/?start=10'],
    ['an empty list', [], 0, null],
  ] as const)('%s is taken', (_name, ids, count, next) => {
    expect(page([...ids], count, next)).toMatchObject({ rows: ids.map((id) => ({ id })), isLast: next === null, count });
  });

  it.each([
    ['half of it is missing', [5, 9], 4, null],
    ['rows are missing, and more pages follow', [5], 1, 'http://x/'],
    ['nothing is in it, and more pages follow', [], null, 'http://x/'],
    ['ids go back', [9, 5], 2, null],
    ['an id comes twice', [5, 5], 2, null],
    ['it begins before what was asked for', [4, 9], 2, null],
  ] as const)('%s: refused, and asked again later', (_name, ids, count, next) => {
    expect(() => page([...ids], count, next)).toThrow(
      expect.objectContaining({ code: 'NETBOX_INCOMPLETE', facts: expect.objectContaining({ retriable: true }) }),
    );
  });

  it.each([null, [], {}, { count: 0, next: null }, { detail: 'Not found.' }])('%j is no page', (json) => {
    expect(() => readPage(json, 1, 'GET /x/')).toThrow(expect.objectContaining({ code: 'NETBOX_UNEXPECTED_ANSWER' }));
  });
});
