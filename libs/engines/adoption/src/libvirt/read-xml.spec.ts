import fc from 'fast-check';
import { isDomainError } from '#engines/kernel';
import { readXml } from './read-xml.js';

function refusal(text: string): unknown {
  try {
    return readXml(text);
  } catch (cause) {
    if (isDomainError(cause)) return { code: cause.code, ...cause.facts };
    throw cause;
  }
}

describe('XML', () => {
  it('is elements, attributes and texts, whatever stands around them', () => {
    const text = `\ufeff<?xml version="1.0"?>\n<!-- a comment -->\n<a b='1' c = "&lt;&#233;&#x1F680;">x<b/>y<!-- no --><c d='"'>z</c ><![CDATA[<&]]></a>\n<!-- end -->\n`;
    const root = readXml(text);
    expect([root.name, [...root.attributes], root.text]).toEqual([
      'a',
      [
        ['b', '1'],
        ['c', '<é🚀'],
      ],
      'xy<&',
    ]);
    expect(root.children.map(({ name, attributes, text: words }) => [name, [...attributes], words])).toEqual([
      ['b', [], ''],
      ['c', [['d', '"']], 'z'],
    ]);
  });

  it.each([
    ['<a>', 'a closing tag', 1],
    ['<a>\n</b>', '</a>', 2],
    ['<a/><b/>', 'nothing behind the last closing tag', 1],
    ['', '<', 1],
    ['<a b=1/>', '"', 1],
    [`<a b='1' b='2'/>`, 'attribute b once', 1],
    [`<a b='1'c='2'/>`, 'a blank before an attribute', 1],
    [`<a b='<'/>`, '&lt; in place of < in an attribute', 1],
    ['<a>&nbsp;</a>', 'one of &amp; &lt; &gt; &apos; &quot; or the number of a character', 1],
    ['<a>&amp</a>', 'one of &amp; &lt; &gt; &apos; &quot; or the number of a character', 1],
    ['<a>&constructor;</a>', 'one of &amp; &lt; &gt; &apos; &quot; or the number of a character', 1],
    ['<a>&#0;</a>', 'one of &amp; &lt; &gt; &apos; &quot; or the number of a character', 1],
    ['<a>]]></a>', 'no ]]> in a text', 1],
    ['<a><!-- -- --></a>', 'comments without two dashes in them', 1],
    ['<a>\n\n\u0001</a>', 'no control characters and no lone surrogates', 3],
    ['<!DOCTYPE a [<!ENTITY b "c">]>\n<a>&b;</a>', 'no document type', 1],
    [`<a>${'<b>'.repeat(64)}`, 'at most 64 elements in each other', 1],
    [' '.repeat(1_048_577), 'at most 1048576 characters', 1],
  ])('that is broken is refused with the line and what belongs there: %j', (text, accepted, line) => {
    expect(refusal(text)).toEqual({ code: 'INVALID_VALUE', kind: 'XML', accepted, line });
  });

  it('of any text is read or refused, in time that follows its length', () => {
    const part = fc.constantFrom(
      '<a>',
      '</a>',
      '<a b="',
      "'",
      '"',
      '/>',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '<?x',
      '?>',
      '&',
      ';',
      '#',
      'x',
      ' ',
      '\n',
      '<',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 60 }), (parts) => {
        const read = refusal(parts.join(''));
        expect(read).toSatisfy((value: { code?: string; name?: string }) => value.code === 'INVALID_VALUE' || value.name === 'a');
      }),
    );
    const started = performance.now();
    refusal(`<a>${'<b c="d">&amp;<!-- e --></b>'.repeat(20_000)}</a>`);
    refusal(`<a ${'b '.repeat(100_000)}/>`);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
