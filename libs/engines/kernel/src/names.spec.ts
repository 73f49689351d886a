import fc from 'fast-check';
import { Description, DeviceName, Fqdn, Label, PortName, Slug, ZonePrefix } from '#engines/kernel';

describe('a slug', () => {
  it.each(['a', 'blue', 'customer-7', '7', 'a'.repeat(63)])('may be %s', (text) => {
    expect(Slug.parse(text)).toBe(text);
  });

  it.each(['', 'Blue', '-a', 'a-', 'a_b', 'a b', 'a'.repeat(64), 'default', 'lo', 'vmbr0', 'a\n', 'é', null])('may not be %j', (text) => {
    expect(() => Slug.parse(text)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }));
  });

  it('made of a label is a slug, or empty', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 80 }), (text) => {
        const made = Slug.fromLabel(text as Label);
        expect(made).toMatch(/^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)?$/);
        expect(made.length).toBeLessThanOrEqual(48);
      }),
    );
    expect(Slug.fromLabel(Label.parse('Société Générale (Lyon)'))).toBe('socie-te-ge-ne-rale-lyon');
  });
});

describe('a label', () => {
  it.each(['Blue', 'Société — Lyon', '部門', 'a'.repeat(240)])('may be %s', (text) => {
    expect(Label.parse(text)).toBe(text.normalize('NFC'));
  });

  it.each([
    ['a line feed', 'x\nno router bgp 65051'],
    ['a carriage return', 'x\ry'],
    ['a bell', 'x\u0007'],
    ['a line separator', 'x\u2028y'],
    ['a right-to-left override', 'abc\u202Edef'],
    ['a zero-width space', 'a\u200Bb'],
    ['a lone surrogate', 'a\uD800'],
    ['nothing but blanks', '   '],
    ['nothing', ''],
    ['241 characters', 'a'.repeat(241)],
  ])('may not hold %s', (_what, text) => {
    expect(() => Label.parse(text)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }));
  });

  it('is refused with a message that is itself one printable line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        try {
          Label.parse(text);
        } catch (error) {
          expect((error as Error).message).toMatch(/^[ -~…]+$/);
        }
      }),
    );
  });
});

describe('names on devices', () => {
  it.each(['vnet10001', 'ens19.100', 'a'.repeat(15)])('a kernel interface may be %s', (text) => expect(DeviceName.parse(text)).toBe(text));
  it.each(['', 'a'.repeat(16), 'a/b', 'a b', '.', '..', 'é', 'a\n', '-', '-a'])('a kernel interface may not be %j', (text) => {
    expect(() => DeviceName.parse(text)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }));
  });
  it.each(['Ethernet2', 'Ethernet1/2', 'Ethernet1/2.100', 'Port-Channel5', 'ens19'])('a port may be %s', (text) =>
    expect(PortName.parse(text)).toBe(text),
  );
  it.each(['', '2', 'Ethernet 2', 'Ethernet2\n!', 'a/b', 'x'.repeat(40), 'ens19; reboot'])('a port may not be %j', (text) => {
    expect(() => PortName.parse(text)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }));
  });
});

describe('a DNS name', () => {
  it('is lower case and has no trailing dot', () => {
    expect(Fqdn.parse('GW.Cust.Example')).toBe('gw.cust.example');
    expect(() => Fqdn.parse('gw.cust.example.')).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }));
  });
  it.each(['localhost', '-a.example', 'a..example', `${'a'.repeat(64)}.example`, `${'a.'.repeat(127)}ab`, 'a_b.example', 'a b.example'])(
    'may not be %j',
    (text) => {
      expect(() => Fqdn.parse(text)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }));
    },
  );
  it('is within a zone only at a label boundary', () => {
    expect(Fqdn.isWithin('a.cust.example', 'cust.example')).toBe(true);
    expect(Fqdn.isWithin('evilcust.example', 'cust.example')).toBe(false);
  });
});

describe('the prefix of a DNS zone', () => {
  it('is a label or several, in lower case', () => {
    expect(ZonePrefix.parse('DMZ')).toBe('dmz');
    expect(ZonePrefix.parse('rack-7.dmz')).toBe('rack-7.dmz');
  });
  it.each(['', '.dmz', 'dmz.', 'a..b', '-a', 'a_b', 'a b', 'a'.repeat(64), 'ab.'.repeat(64).slice(0, 191), 7, null])(
    'may not be %j',
    (text) => {
      expect(() => ZonePrefix.parse(text)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }));
    },
  );
});

describe('a description', () => {
  it.each(['x', 'Two\nlines\tand a tab', '部門 — 🙂', 'a'.repeat(1000)])('is kept as it was written: %j', (text) => {
    expect(Description.parse(text)).toBe(text);
  });

  it.each(['', null])('that says nothing is none: %j', (text) => {
    expect(Description.parse(text)).toBeNull();
  });

  it.each(['a'.repeat(1001), 'bell\u0007', 'a\uD800', 7, undefined])('may not be %j', (text) => {
    expect(() => Description.parse(text)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }));
  });
});
