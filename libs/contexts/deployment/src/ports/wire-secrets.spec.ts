import { inspect } from 'node:util';
import { DomainError } from '#engines/kernel';
import type { Artefact } from '#engines/rendering';
import { hostileTexts, timesAsLong, usualText } from '../../../../../test/support/hostile-texts.js';
import { type DeviceConnection, type DeviceTarget, TransportError } from './device-transport.js';
import { keepingSecrets, secretNames, WireSecrets } from './wire-secrets.js';

const VALUES: Readonly<Record<string, string>> = { overlay: 'hunter2-canary', short: 'abc', other: 'second-canary' };
const secrets: NonNullable<DeviceTarget['secrets']> = { names: Object.keys(VALUES), resolve: (name) => VALUES[name] };
const coded = (secret: string, before: string) => `CODE(${before.trim().split(' ')[1]},${secret})`;
const wire = (encode?: (secret: string, before: string) => string) => new WireSecrets({ slug: 'leaf1', secrets }, encode);
const artefact = (content: string): Artefact => ({
  device: 'leaf1',
  path: '/etc/frr/frr.conf',
  format: 'frr',
  mode: 0o640,
  owner: 'frr',
  content,
  sha256: 'of the placeholder',
});
const PUSH = { planId: 'p', revision: 1, fence: 1 };

const TEXT = 'router bgp 65051\n neighbor 10.0.0.1 password @secret:overlay@\n neighbor 10.0.0.2 password @secret:short@\n';

describe('the text of an artefact', () => {
  it('says which secrets it asks for, each once', () => {
    expect(secretNames(`${TEXT}${TEXT}`)).toEqual(['overlay', 'short']);
    expect(secretNames('neighbor 10.0.0.1 description secret:overlay')).toEqual([]);
  });

  it('is completed for the device, line by line, and its secrets are taken out of what comes back', () => {
    const one = wire(coded);
    const sent = one.complete(TEXT);
    expect(sent).toContain(' neighbor 10.0.0.1 password CODE(10.0.0.1,hunter2-canary)\n');
    expect(one.conceal(sent)).toBe(TEXT);
    expect(one.conceal(`"neighbor 10.0.0.1 password CODE(10.0.0.1,hunter2-canary)": refused, hunter2-canary?`)).toBe(
      '"neighbor 10.0.0.1 password @secret:overlay@": refused, @secret:overlay@?',
    );
  });

  it('of a device that was only read says the name of our secret, and of no other one', () => {
    const read =
      ' neighbor 10.0.0.1 password hunter2-canary\n neighbor 10.0.0.2 password from-before\n neighbor 10.0.0.3 remote-as 65051\n';
    expect(wire().conceal(read)).toBe(
      ' neighbor 10.0.0.1 password @secret:overlay@\n neighbor 10.0.0.2 password «secret»\n neighbor 10.0.0.3 remote-as 65051\n',
    );
    expect(wire().conceal(`- neighbor 10.0.0.1 password from-before\n+ neighbor 10.0.0.1 password hunter2-canary\n`)).toBe(
      `- neighbor 10.0.0.1 password «secret»\n+ neighbor 10.0.0.1 password @secret:overlay@\n`,
    );
    expect(wire().conceal('username admin privilege 15 secret sha512 $6$salt$hash\n')).toBe(
      'username admin privilege 15 secret sha512 «secret»\n',
    );
    expect(
      wire().conceal('ntp authentication-key 1 md5 7 070E\nntp authentication-key 12 sha1 plain\n ip ospf authentication-key 7 070E\n'),
    ).toBe('ntp authentication-key 1 md5 7 «secret»\nntp authentication-key 12 sha1 «secret»\n ip ospf authentication-key 7 «secret»\n');
    expect(wire().conceal('snmp-server user u g v3 auth md5 one-secret priv aes other-secret\n')).toBe(
      'snmp-server user u g v3 auth «secret»\n',
    );
  });

  it.each(hostileTexts(20_000))('is concealed in the time of any other text where a device answers with %s', (_what, text) => {
    const one = wire();
    one.complete(TEXT);
    expect(timesAsLong((read) => one.conceal(read), text, usualText(text.length))).toBeLessThan(50);
  });

  it('keeps words that merely look like a short secret', () => {
    const one = wire();
    one.complete(TEXT);
    expect(one.conceal('interface abc\n neighbor 10.0.0.2 password abc\n')).toBe(
      'interface abc\n neighbor 10.0.0.2 password @secret:short@\n',
    );
  });
});

describe('a connection that keeps secrets', () => {
  const seen: string[] = [];
  const inner = (over: Partial<DeviceConnection>): DeviceConnection => over as DeviceConnection;

  it('sends the completed text and answers with the placeholder, in texts, lists, maps and errors', async () => {
    const device = keepingSecrets(
      inner({
        stage: (_push, [{ content, sha256 }]: readonly Artefact[] & [Artefact]) => {
          seen.push(content);
          expect(sha256).toMatch(/^[0-9a-f]{64}$/);
          return Promise.resolve({ diff: `+${content.split('\n')[1]}`, isNoop: false });
        },
        inspect: () =>
          Promise.resolve({
            hostname: 'h',
            version: 'v',
            actual: new Map([['f', seen[0] ?? null]]),
            pending: null,
            establishedNeighbors: [],
          }),
        verify: (_push, [{ content }]: readonly Artefact[] & [Artefact]) =>
          Promise.resolve({ ok: false, checks: [{ name: 'files', ok: false, message: `expected ${content}` }] }),
        apply: () =>
          Promise.reject(new TransportError('APPLY_FAILED', 'no: hunter2-canary', { device: 'leaf1', detail: 'hunter2-canary' })),
        confirm: () => Promise.reject(new DomainError('INTERNAL', 'hunter2-canary', { line: 'hunter2-canary' })),
        revert: () => Promise.reject(new TypeError('hunter2-canary is not a function')),
      }),
      wire(),
    );
    const staged = await device.stage(PUSH, [artefact(TEXT)], []);
    expect(seen[0]).toContain('password hunter2-canary\n');
    const answers: unknown[] = [
      staged,
      await device.inspect([]),
      await device.verify(PUSH, [artefact(TEXT)], { vnis: [], neighbors: [] }, 1),
      ...(await Promise.all([
        device.apply(PUSH, 1).catch((error: unknown) => error),
        device.confirm(PUSH).catch((error: unknown) => error),
        device.revert(PUSH).catch((error: unknown) => error),
      ])),
    ];
    for (const answer of answers) {
      expect(inspect(answer, { depth: 9 })).not.toContain('hunter2-canary');
      expect(inspect(answer, { depth: 9 })).toContain('@secret:overlay@');
    }
    expect(answers[3]).toMatchObject({ code: 'APPLY_FAILED', facts: { device: 'leaf1' } });
  });

  it('answers with what can be stored: neither NUL nor half a character of a device comes through', async () => {
    const version = 'hunter2-canary\0\ud800, EOS 4.32 \u{1f600}';
    const device = keepingSecrets(
      inner({
        inspect: () => Promise.resolve({ hostname: 'h', version, actual: new Map(), pending: null, establishedNeighbors: [] }),
        confirm: () => Promise.reject(new TransportError('APPLY_FAILED', 'no\0', { device: 'leaf1', detail: 'no\0' })),
      }),
      wire(),
    );
    expect(await device.inspect([])).toMatchObject({ version: 'hunter2-canary\ufffd\ufffd, EOS 4.32 \u{1f600}' });
    await expect(device.confirm(PUSH)).rejects.toMatchObject({ message: 'no\ufffd', facts: { detail: 'no\ufffd' } });
  });

  it('refuses a text that is no configuration by its length, and says so', async () => {
    const actual = new Map([['/etc/frr/frr.conf', 'x'.repeat(9_000_000)]]);
    const device = keepingSecrets(
      inner({ inspect: () => Promise.resolve({ hostname: 'h', version: 'v', actual, pending: null, establishedNeighbors: [] }) }),
      wire(),
    );
    await expect(device.inspect([])).rejects.toMatchObject({
      code: 'CONFIG_REFUSED',
      message: expect.stringMatching(/^leaf1: .* 9000000 characters, of which at most 8388608 are read/) as string,
    });
  });

  it('sends nothing that asks for a secret which nobody has set, and names it', async () => {
    const stage = vi.fn<DeviceConnection['stage']>();
    const device = keepingSecrets(inner({ stage }), wire());
    const refused = device.stage(PUSH, [artefact(' neighbor 10.0.0.1 password @secret:missing@\n')], []);
    await expect(refused).rejects.toMatchObject({ code: 'CONFIG_REFUSED', message: expect.stringContaining('missing') as string });
    expect(stage).not.toHaveBeenCalled();
  });
});
