import { assertOutline, outline } from './outline.js';

const expected = [
  ...outline([], ['router bgp 1', 'exit']),
  ...outline(['router bgp 1'], ['neighbor 10.0.0.1 description', 'vlan 5']),
  ...outline(['router bgp 1', 'vlan 5'], ['rd']),
];
const text = ['! a comment', 'router bgp 1', '   neighbor 10.0.0.1 description blue', '   !', '   vlan 5', '      rd 1:1', 'exit', ''];
const judge = (lines: readonly string[]) => () => assertOutline('leaf1', 'running-config', lines, expected);
const escape = (line: string, problem: string) =>
  expect.objectContaining({
    code: 'RENDER_ESCAPE',
    facts: { device: 'leaf1', path: 'running-config', line, problem },
    message: expect.stringContaining(problem),
  });

describe('a rendered text, parsed again', () => {
  it('is handed out when it says what was asked for', () => {
    expect(judge(text)).not.toThrow();
  });

  it.each([
    ['a line more', [...text, 'no router bgp 1'], 'no router bgp 1'],
    ['a line twice', [...text, 'exit'], 'exit'],
    ['a line in another block', text.with(5, '   rd 1:1'), '   rd 1:1'],
    ['a line that is one line only in the list', text.with(2, '   neighbor 10.0.0.1 description x\n   shutdown'), '   shutdown'],
    ['a deeper block', text.with(3, '      remote-as 1'), '      remote-as 1'],
    ['another key that begins alike', text.with(2, '   neighbor 10.0.0.1 descriptionx blue'), '   neighbor 10.0.0.1 descriptionx blue'],
  ])('is refused with %s', (_what, lines, line) => {
    expect(judge(lines)).toThrow(escape(line, 'is not in the intent'));
  });

  it('is refused when a line is missing', () => {
    expect(judge(text.toSpliced(5, 1))).toThrow(escape('router bgp 1 > vlan 5 > rd', 'is missing'));
  });

  it.each(['\r', '\u0007', '\u2028', 'é', '\t'])('is refused with %j in it', (character) => {
    expect(judge(text.with(2, `   neighbor 10.0.0.1 description a${character}b`))).toThrow(
      escape('   neighbor 10.0.0.1 description a?b', 'holds a character that no device needs'),
    );
  });
});
