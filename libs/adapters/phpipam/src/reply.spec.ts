import type { OutboundResponse } from '#adapters/outbound';
import { hostileTexts, timesAsLong, usualText } from '../../../../test/support/hostile-texts.js';
import { isDuplicate, parseReply, refusal, saysMissing, saysNone } from './reply.js';

const answer = (status: number, body: unknown, headers: Record<string, string> = {}): OutboundResponse => ({
  status,
  statusText: '',
  headers,
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const reply = (status: number, body: object) => parseReply('GET /x/', false, answer(status, { code: status, success: false, ...body }));

it.each([
  [404, { message: 'No subnets found' }],
  [404, { message: 'No vrfs configured' }],
  [404, { message: 'No results (filter applied)' }],
  [200, { message: 'No vlans configured' }],
  [200, { message: 'No sections available', success: true }],
])('of %i %j knows that there is none', (status, body) => {
  expect(saysNone(reply(status, body))).toBe(true);
});

it.each([
  [404, { message: 'Invalid subnet Id (7)' }],
  [404, { message: 'Not Found' }],
  [404, {}],
  [500, { message: 'No subnets found' }],
  [401, { message: 'Unauthorized' }],
  [200, { success: true, data: [] }],
])('of %i %j knows nothing of the kind', (status, body) => {
  expect(saysNone(reply(status, body))).toBe(false);
});

it.each([
  [400, 'Invalid subnet Id (7)'],
  [400, 'Invalid VRF id'],
  [400, 'Invalid identifier'],
  [404, 'Invalid Id'],
  [404, 'Vlan not found'],
  [200, 'Vlan not found'],
  [404, 'No objects found'],
])('of %i %s knows that it is not there', (status, message) => {
  expect(saysMissing(reply(status, { message }))).toBe(true);
});

it.each([
  [404, 'VRF does not exist'],
  [400, 'Invalid request key custom_trame_id'],
  [400, 'Invalid application id'],
  [500, 'Invalid Id'],
])('of %i %s does not', (status, message) => {
  expect(saysMissing(reply(status, { message }))).toBe(false);
});

it.each([
  ['true', true],
  ['1', true],
  ['"1"', true],
  ['false', false],
  ['0', false],
  ['"0"', false],
])('takes success %s for %s', (success, isSuccess) => {
  expect(parseReply('GET /x/', false, answer(200, `{"code":"200","success":${success},"data":[]}`)).isSuccess).toBe(isSuccess);
});

it('decides on the code of the body, not on the status', () => {
  expect(parseReply('GET /x/', false, answer(200, { code: 404, success: true, message: 'No slaves' }))).toMatchObject({
    code: 404,
    isSuccess: false,
  });
});

it.each([
  ['a page of PHP', 500, '<b>Fatal error</b>: Allowed memory size', true, 'Fatal error'],
  ['nothing', 500, '', true, 'without a word'],
  ['half a document', 200, '{"code":200,"succ', false, '{"code":200'],
  ['a list', 200, '[]', false, 'no document'],
  ['a page for people', 404, '<html>Not Found</html>', false, 'Not Found'],
  ['a gateway over a body of the API', 502, '{"code":200,"success":true,"data":[]}', true, '502'],
  ['another place', 302, '', false, 'sends to /?page=login'],
])('takes %s for no answer', (_what, status, body, retriable, words) => {
  const parse = () => parseReply('GET /x/', false, answer(status, body, { location: '/?page=login' }));
  expect(parse).toThrow(
    expect.objectContaining({
      code: 'PHPIPAM_UNEXPECTED_ANSWER',
      facts: expect.objectContaining({ retriable, words: expect.stringContaining(words) as string }) as object,
    }),
  );
});

it('of a write without an answer does not know whether it was done', () => {
  expect(() => parseReply('POST /x/', true, answer(500, ''))).toThrow(expect.objectContaining({ code: 'PHPIPAM_NO_ANSWER' }));
});

it.each([
  [401, 'Unauthorized', false, 'PHPIPAM_UNAUTHORIZED', false],
  [401, 'invalid permissions', true, 'PHPIPAM_FORBIDDEN', false],
  [403, 'Invalid token', false, 'PHPIPAM_UNAUTHORIZED', false],
  [500, 'Invalid username or password', false, 'PHPIPAM_UNAUTHORIZED', false],
  [500, 'Your IP has been blocked for 5 minutes because of excesive login failures', false, 'PHPIPAM_BLOCKED', true],
  [500, 'Cannot obtain lock for phpipam_api_lock after 30s', true, 'PHPIPAM_BUSY', true],
  [500, 'SQLSTATE[HY000]: General error: 1205 Lock wait timeout exceeded', true, 'PHPIPAM_BUSY', true],
  [500, "Error: SQLSTATE[23000]: Integrity constraint violation: 1062 Duplicate entry 'x'", true, 'PHPIPAM_REFUSED', false],
  [503, 'SSL connection is required for API', false, 'PHPIPAM_DISABLED', false],
  [400, 'Invalid request key custom_trame_id', true, 'PHPIPAM_NOT_PREPARED', false],
  [409, 'VRF with that name already exists', true, 'PHPIPAM_REFUSED', false],
  [500, 'Unable to read subnets', false, 'PHPIPAM_UNEXPECTED_ANSWER', true],
] as const)('takes %i %s for what it is', (status, message, isWrite, code, retriable) => {
  const error = refusal('GET /x/', isWrite, reply(status, { message }));
  expect([error.code, error.facts.retriable, error.facts.words]).toEqual([code, retriable, message]);
});

it('knows a twin by the words of phpIPAM and of the database', () => {
  const twins = [
    "1062 Duplicate entry '1'",
    'IP address already exists',
    'Subnet 10.0.0.0/24 overlaps with 10.0.0.0/16 ()',
    'Name is mandatory',
  ].filter(isDuplicate);
  expect(twins).toHaveLength(3);
});

const SIZE = 150_000;
it.each([...hostileTexts(SIZE), ['brackets of a page that nobody closes', '<'.repeat(SIZE)] as const])(
  'reads %s instead of a document in about the time of any other page',
  (_what, text) => {
    const read = (body: string): unknown => {
      try {
        return parseReply('GET /x/', false, answer(502, body));
      } catch (error) {
        return error;
      }
    };
    expect(timesAsLong(read, text, `<html>${usualText(SIZE)}</html>`)).toBeLessThan(50);
  },
);
