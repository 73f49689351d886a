import { GraphQLError } from 'graphql';
import { DomainError, invalidValue } from '#engines/kernel';
import type { Logger } from '../log/logger.js';
import { payloadErrors, PublicError, toPublicError, withErrors } from './index.js';

const noted: { level: string; event: string; fields: Record<string, unknown> | undefined }[] = [];
const note =
  (level: string) =>
  (event: string, fields?: Record<string, unknown>): void =>
    void noted.push({ level, event, fields });
const log: Logger = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
beforeEach(() => noted.splice(0));

describe('an error that its caller can mend', () => {
  it.each([
    [invalidValue('VNI', 0, 'an integer from 1'), { code: 'INVALID_VALUE', accepted: 'an integer from 1', path: [] }],
    [
      new DomainError('OUT_OF_RANGE', 'x', { path: ['subnets', '0', 'length'] }),
      { code: 'OUT_OF_RANGE', path: ['subnets', '0', 'length'] },
    ],
    [new DomainError('OVERLAPS', 'x', { overlapping: ['10.20.0.0/24'] }), { overlapping: ['10.20.0.0/24'] }],
    [
      new DomainError('POOL_EXHAUSTED', 'x', { slug: 'cust-v4', free: 0, largestFreePrefixLength: 25 }),
      { pool: 'cust-v4', free: 0, largestFreePrefixLength: 25 },
    ],
    [new DomainError('POOL_EXHAUSTED', 'x', { slug: 'vni' }), { pool: 'vni', free: 0, largestFreePrefixLength: null }],
    [new DomainError('VERSION_CONFLICT', 'x', { currentVersion: 4 }), { currentVersion: 4 }],
    [
      new DomainError('INVALID_STATE', 'x', { state: 'ACTIVE', allowedStates: ['PLANNED'] }),
      { state: 'ACTIVE', allowedStates: ['PLANNED'] },
    ],
    [
      new DomainError('CHECK_FAILED', 'x', { findings: [{ code: 'MTU_TOO_SMALL', message: 'm', path: 'p' }] }),
      { findings: [{ code: 'MTU_TOO_SMALL', message: 'm', path: 'p' }] },
    ],
  ])('becomes data of a payload: %s', async (error, facts) => {
    expect(payloadErrors(error)).toMatchObject([{ message: error.message, ...facts }]);
    expect(await withErrors(() => Promise.reject(error))).toMatchObject({ errors: [{ code: error.code }] });
  });

  it('carries no fact into a field that expects another kind', () => {
    expect(payloadErrors(new DomainError('INVALID_STATE', 'x', { state: 7, allowedStates: 'all' }))).toMatchObject([
      { state: null, allowedStates: [] },
    ]);
  });

  it('is told where there is no payload to hold it', () => {
    const error = toPublicError(invalidValue('first', 101, 'a number from 1 to 100'), 'req-1', log);
    expect(error.extensions).toMatchObject({
      code: 'BAD_REQUEST',
      requestId: 'req-1',
      reason: 'INVALID_VALUE',
      accepted: 'a number from 1 to 100',
    });
    expect(error.message).toContain('a number from 1 to 100');
  });
});

describe('every other error', () => {
  const secret = 'password=hunter2';

  it.each([
    ['a bug', new TypeError(secret)],
    ['a fault of the operator’s', new DomainError('SECRET_UNREADABLE', secret)],
    ['a code that nobody listed', new DomainError('BRAND_NEW', secret)],
    ['a value that is no error', secret],
    ['an error of Postgres', Object.assign(new Error(secret), { code: '42P01' })],
  ])('is masked: %s', async (_what, error) => {
    await expect(withErrors(() => Promise.reject(error))).rejects.toBe(error);
    const shown = toPublicError(new GraphQLError('wrapped', { originalError: error as Error }), 'req-1', log);
    expect(JSON.stringify(shown)).not.toContain('hunter2');
    expect(shown.extensions).toEqual({ code: 'INTERNAL', requestId: 'req-1' });
  });

  it('is in the log with the request id', () => {
    const error = new Error(secret);
    toPublicError(error, 'req-1', log);
    expect(noted).toEqual([{ level: 'error', event: 'request.failed', fields: { requestId: 'req-1', code: 'INTERNAL', error } }]);
  });

  it.each([
    ...['57P01', '57P02', '57P03', '57P05', '08006', '53300', '53100', '57014', '55P03', '40001', '40P01', '25P03'].map((code) =>
      Object.assign(new Error(code), { code }),
    ),
    Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }),
    Object.assign(new Error('wrapped'), { driverError: Object.assign(new Error('x'), { code: '57P01' }) }),
    new Error('Connection terminated unexpectedly'),
    new Error('timeout exceeded when trying to connect'),
    new Error('Client has encountered a connection error and is not queryable'),
    new Error('Query read timeout'),
  ])('asks to try again when the database is away: %s', (error) => {
    expect(toPublicError(error, 'r', log).extensions).toEqual({ code: 'UNAVAILABLE', requestId: 'r', retryAfterSeconds: 2 });
  });

  it('is made public once', () => {
    const first = new PublicError('FORBIDDEN', 'no', 'req-1');
    expect(toPublicError(first, 'req-2', log)).toBe(first);
    expect(toPublicError(new GraphQLError('x', { originalError: first, path: ['a'] }), 'req-2', log)).toMatchObject({
      code: 'FORBIDDEN',
      message: 'no',
      path: ['a'],
    });
    expect(noted).toEqual([]);
  });

  it('of a document keeps its text', () => {
    expect(toPublicError(new GraphQLError('Cannot query field "x" on type "Query".'), 'r', log)).toMatchObject({
      code: 'BAD_REQUEST',
      message: 'Cannot query field "x" on type "Query".',
    });
  });
});
