import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { forgetService, keysOf, localEnvironment, rememberService } from './local-settings.js';

let directory: string;
beforeEach(() => {
  directory = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'trame-settings-')), '.trame');
  for (const name of ['TRAME_KEK', 'TRAME_TOKEN_PEPPER', 'DATABASE_URL', 'TRAME_URL']) vi.stubEnv(name, '');
});
afterEach(() => {
  vi.unstubAllEnvs();
  fs.rmSync(path.dirname(directory), { recursive: true, force: true });
});

describe('keys of an installation', () => {
  it('are made once and found again', () => {
    const made = keysOf(directory);
    expect(Object.keys(made).sort()).toEqual(['TRAME_KEK', 'TRAME_TOKEN_PEPPER']);
    for (const key of Object.values(made)) expect(Buffer.from(key, 'base64')).toHaveLength(32);
    expect(made['TRAME_KEK']).not.toBe(made['TRAME_TOKEN_PEPPER']);
    expect(keysOf(directory)).toEqual(made);
  });

  it('are for their owner’s eyes only', () => {
    keysOf(directory);
    expect(fs.statSync(path.join(directory, 'keys.json')).mode & 0o777).toBe(0o600);
  });

  it('are not made where the environment has them', () => {
    vi.stubEnv('TRAME_KEK', 'a');
    vi.stubEnv('TRAME_TOKEN_PEPPER', 'b');
    expect(keysOf(directory)).toEqual({});
    expect(fs.existsSync(directory)).toBe(false);
  });

  it('are never replaced when their file is damaged', () => {
    keysOf(directory);
    fs.writeFileSync(path.join(directory, 'keys.json'), '[');
    expect(() => keysOf(directory)).toThrow('JSON');
    expect(fs.readFileSync(path.join(directory, 'keys.json'), 'utf8')).toBe('[');
  });
});

describe('the environment of a command', () => {
  it('is what a running service left, under what was given', () => {
    const keys = keysOf(directory);
    rememberService({ DATABASE_URL: 'postgres://embedded/trame', TRAME_URL: 'http://127.0.0.1:4000' }, directory);
    expect(localEnvironment(directory)).toMatchObject({ ...keys, DATABASE_URL: 'postgres://embedded/trame' });
    vi.stubEnv('DATABASE_URL', 'postgres://mine/trame');
    expect(localEnvironment(directory)['DATABASE_URL']).toBe('postgres://mine/trame');
    vi.stubEnv('DATABASE_URL', '');
    forgetService(directory);
    expect(localEnvironment(directory)['DATABASE_URL']).toBeUndefined();
  });
});
