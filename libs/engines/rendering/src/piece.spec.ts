import { assertOutline, outline } from './outline.js';
import { GAP, Piece, pieceOf, shared, Template } from './piece.js';
import { block, lines } from './text.js';

interface Network {
  readonly gateways: readonly string[];
  readonly vlan: number;
  readonly rd: string;
}

const LINES = (vlan: number) => [`vlan ${vlan}`, `   rd ${GAP}`, '   redistribute learned'];

const macVrf = (linesOf: (vlan: number) => readonly string[] = LINES) => {
  const templateOf = shared<Network>()(
    'gateways',
    ['vlan'],
    ({ vlan }) =>
      new Template(3, linesOf(vlan), [
        ...outline([], [`vlan ${vlan}`]),
        ...outline([`vlan ${vlan}`], [`rd ${GAP}`, 'redistribute learned']),
      ]),
  );
  return (...networks: Network[]) =>
    new Piece(
      networks.map(templateOf),
      networks.map(({ rd }) => rd),
      '   !',
    );
};
const network: Network = { gateways: ['10.0.0.1'], vlan: 5, rd: '1:1' };
const other: Network = { gateways: ['10.0.1.1'], vlan: 6, rd: '2:2' };
const bgp = (...body: (string | Piece)[]) => block<string | Piece>(3, 'router bgp 1', body);
const expected = (...pieces: Piece[]) => [...outline([], ['router bgp 1']), ...outline(['router bgp 1'], pieces)];
const judge = (text: readonly (string | Piece)[], entries: ReturnType<typeof expected>) => () =>
  assertOutline('leaf1', 'running-config', text, entries);
const escape = (line: string, problem = 'is not in the intent') =>
  expect.objectContaining({ code: 'RENDER_ESCAPE', facts: { device: 'leaf1', path: 'running-config', line, problem } });

describe('a piece of text', () => {
  it('is made once for all who share what it is made of, whatever stands in its gap', () => {
    let times = 0;
    const of = macVrf((vlan) => (times++, [`vlan ${vlan}`, `   rd ${GAP}`]));
    expect(of(network).text).toBe('   vlan 5\n      rd 1:1');
    expect(of({ ...network, rd: '2:2' }).text).toBe('   vlan 5\n      rd 2:2');
    expect(times).toBe(1);
  });

  it('is another one where one of the fields is another one', () => {
    const of = macVrf();
    expect(of({ ...network, vlan: 7 }).text).toBe('   vlan 7\n      rd 1:1\n      redistribute learned');
    expect(of(network).text).toContain('vlan 5');
  });

  it('holds several with a separator between them', () => {
    const of = macVrf((vlan) => [`vlan ${vlan}`, `   rd ${GAP}`]);
    expect(of(network, { ...other, rd: '6:6' }).text).toBe('   vlan 5\n      rd 1:1\n   !\n   vlan 6\n      rd 6:6');
    expect(pieceOf([])).toEqual([]);
  });

  it('is right for more variants of one network than are kept', () => {
    const of = macVrf();
    for (const vlan of [...Array(50).keys(), ...Array(50).keys()]) expect(of({ ...network, vlan }).text).toContain(`vlan ${vlan}\n`);
  });

  it('is handed out in the block and in the order that was asked for', () => {
    const of = macVrf();
    const text = bgp('!', of(network), '!', of(other));
    expect(judge(text, expected(of(network), of(other)))).not.toThrow();
    expect(judge(text, expected(of(network, other)))).not.toThrow();
    expect(judge(bgp('!', of(network, other)), expected(of(network), of(other)))).not.toThrow();
    expect(lines<string | Piece>(text).filter((line) => line instanceof Piece)).toHaveLength(2);
  });

  it.each([
    ['a piece more', (of: (...networks: Network[]) => Piece) => bgp(of(network), of(other), of(other)), '   vlan 6'],
    ['another piece', (of) => bgp(of(other), of(other)), '   vlan 6'],
    ['a piece with something else in its gap', (of) => bgp(of(network), of({ ...other, rd: '6:6' })), '   vlan 6'],
    ['a piece in no block', (of) => [of(network), ...bgp(of(other))], '   vlan 5'],
    ['a line that hangs on a piece', (of) => bgp(of(network), '      rd 9:9', of(other)), '         rd 9:9'],
    ['two in another order', (of) => bgp(of(other, network)), '   vlan 6'],
    ['the values of two exchanged', (of) => bgp(new Piece(of(network, other).templates, ['2:2', '1:1'])), '   vlan 5'],
    ['a separator that is none', (of) => bgp(new Piece(of(network, other).templates, ['1:1', '2:2'], '   shutdown')), '   shutdown'],
    ['a line beside the pieces', (of) => bgp(of(network), 'shutdown', of(other)), '   shutdown'],
  ] as [string, (of: (...networks: Network[]) => Piece) => (string | Piece)[], string][])('is refused with %s', (_what, made, line) => {
    const of = macVrf();
    expect(judge(made(of), expected(of(network), of(other)))).toThrow(escape(line));
  });

  it('is refused when one is missing', () => {
    const of = macVrf();
    expect(judge(bgp(of(network)), expected(of(network), of(other)))).toThrow(escape('router bgp 1 > vlan 6', 'is missing'));
  });

  it.each([
    ['a line more', ['vlan 5', `   rd ${GAP}`, '   redistribute learned', '   rd 9:9'], '      rd 9:9'],
    ['a line in another block', ['vlan 5', `rd ${GAP}`, '   redistribute learned'], `   rd ${GAP}`],
    ['a line that is one line only in the list', ['vlan 5', `   rd ${GAP}`, '   redistribute learned\nno router bgp 1'], 'no router bgp 1'],
  ])('is read again, and refused with %s', (_what, text, line) => {
    const of = macVrf(() => text);
    const refused = judge(bgp(of(network)), expected(of(network)));
    expect(refused).toThrow(escape(line));
    expect(refused).toThrow(escape(line)); // and is not believed the second time
  });

  it('is refused when a line of it is missing, or holds what no device needs', () => {
    const short = macVrf(() => ['vlan 5', `   rd ${GAP}`]);
    expect(judge(bgp(short(network)), expected(short(network)))).toThrow(escape('vlan 5 > redistribute learned', 'is missing'));
    const bell = macVrf(() => ['vlan 5', `   rd ${GAP}`, '   redistribute learned \u0007']);
    expect(judge(bgp(bell(network)), expected(bell(network)))).toThrow(
      escape('      redistribute learned ?', 'holds a character that no device needs'),
    );
  });

  it.each(['1:1\nno router bgp 1', '1:1 2:2', '', 'é'])('is refused with %j in its gap', (rd) => {
    const of = macVrf();
    expect(judge(bgp(of({ ...network, rd })), expected(of({ ...network, rd })))).toThrow(
      expect.objectContaining({ code: 'RENDER_ESCAPE' }),
    );
  });
});
