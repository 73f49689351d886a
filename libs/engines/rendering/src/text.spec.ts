import { block, indent, lines, paragraphs } from './text.js';

describe('the template language', () => {
  it('flattens lines and leaves out what is not there', () => {
    expect(lines('a', ['b', null, ['c', false]], false)).toEqual(['a', 'b', 'c']);
  });
  it('puts a body one step below its head, and closes it where the dialect does', () => {
    expect(block(1, 'router bgp 1', ['x', block(1, 'vni 2', 'rd 1:1', 'exit-vni')], 'exit')).toEqual([
      'router bgp 1',
      ' x',
      ' vni 2',
      '  rd 1:1',
      ' exit-vni',
      'exit',
    ]);
    expect(indent(3, 'a')).toEqual(['   a']);
  });
  it('separates paragraphs and drops empty ones', () => {
    expect(paragraphs('!', [['a'], [], ['b', 'c']])).toEqual(['a', '!', 'b', 'c']);
  });
});
