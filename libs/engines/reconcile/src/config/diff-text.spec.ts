import fc from 'fast-check';
import { diffText } from './diff-text.js';

const BEFORE = `vlan 10
   name a
!
router bgp 65051
   router-id 172.16.1.1
   timers bgp 20 60
   neighbor 192.0.2.1 remote-as 65051
   !
   vlan 10
      rd 172.16.1.1:1
`;

/** What a person does with a diff: applies it. */
function patch(before: string, diff: string): string {
  const old = before.split('\n');
  const out: string[] = [];
  let at = 0;
  for (const line of diff.split('\n').slice(2, -1)) {
    const hunk = /^@@ -(\d+),(\d+) /.exec(line);
    if (hunk !== null) {
      const start = Number(hunk[1]) - (Number(hunk[2]) === 0 ? 0 : 1);
      while (at < start) out.push(old[at++] as string);
    } else {
      if (line[0] !== '+') expect(old[at++]).toBe(line.slice(1));
      if (line[0] !== '-') out.push(line.slice(1));
    }
  }
  return [...out, ...old.slice(at)].join('\n');
}

describe('diff of two configurations', () => {
  it('is empty for equal texts', () => {
    expect(diffText(BEFORE, BEFORE)).toBe('');
  });

  it('shows each change with its section', () => {
    expect(diffText(BEFORE, BEFORE.replace(':1\n', ':2\n'), { before: 'running', after: 'wanted' })).toBe(`--- running
+++ wanted
@@ -7,4 +7,4 @@ router bgp 65051
    neighbor 192.0.2.1 remote-as 65051
    !
    vlan 10
-      rd 172.16.1.1:1
+      rd 172.16.1.1:2
`);
  });

  it('turns the one text into the other when it is applied', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', 'c', '!', '   d'), { maxLength: 30 })
      .map((lines) => lines.map((line) => `${line}\n`).join(''));
    fc.assert(
      fc.property(text, text, (before, after) => {
        expect(patch(before, diffText(before, after))).toBe(after);
      }),
    );
  });

  it.each([
    ['grows at one place', (n: number) => n < 3000, (n: number) => n < 9000],
    ['is changed here and there', () => true, (n: number) => n % 7 !== 0],
    ['is replaced', (n: number) => n % 2 === 0, (n: number) => n % 2 === 1],
  ])('is made at once, also of a text of thousands of lines that %s', (_name, isBefore, isAfter) => {
    const text = (isThere: (n: number) => boolean): string =>
      Array.from({ length: 9000 }, (_, n) => n)
        .filter(isThere)
        .map((n) => `line ${n}\n`)
        .join('');
    const [before, after] = [text(isBefore), text(isAfter)];
    const from = performance.now();
    const diff = diffText(before, after);
    expect(performance.now() - from).toBeLessThan(5000);
    expect(patch(before, diff)).toBe(after);
  });
});
