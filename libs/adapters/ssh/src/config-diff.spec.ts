import { applyPatch } from 'diff';
import { hostileTexts } from '../../../../test/support/hostile-texts.js';
import { configDiff } from './config-diff.js';

/** Every other line is the same in all of them. */
const lines = (word: string, end = '\n'): string =>
  `${Array.from({ length: 4_000 }, (_, at) => (at % 2 ? 'same' : `${word} ${at}`)).join('\n')}${end}`;

describe('the difference of a file', () => {
  it('is told line by line', () => {
    expect(configDiff('/etc/frr/frr.conf', 'a\nb\nc\n', 'a\nB\nc\n')).toBe(
      '--- /etc/frr/frr.conf\n+++ /etc/frr/frr.conf\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n',
    );
    expect(configDiff('f', null, 'a\n')).toBe('--- /dev/null\n+++ f\n@@ -0,0 +1,1 @@\n+a\n');
  });

  it.each([
    ['it ends as it should', lines('old'), lines('new')],
    ['the old one lacks its end', lines('old', ''), lines('new')],
    ['the new one lacks its end', lines('old'), lines('new', '')],
  ])(
    'that is too different for that is told as a whole, also a difference that makes the one from the other: %s',
    (_what, before, after) => {
      const whole = configDiff('f', before, after);
      expect(whole.startsWith('--- f\n+++ f\n@@ -1,4000 +1,4000 @@\n-old 0\n-same\n-old 2\n')).toBe(true);
      expect(applyPatch(before, whole)).toBe(after);
    },
  );

  it('is told of whatever a device has: also of a hundred thousand lines, whose square nobody waits for', () => {
    for (const [, text] of hostileTexts(100_000))
      expect(configDiff('f', text, lines('new'))).toMatch(
        /\n\+new 2\n|^--- f\n\+\+\+ f\n# \d+ lines become 4000: too different to be shown line by line\n$/,
      );
  });
});
