import { Description, Fqdn, Label, Slug } from '#engines/kernel';
import { scalar } from './scalar.js';

export const DomainNameScalar = scalar({
  name: 'DomainName',
  description: 'DNS name, lower case, ASCII (IDN as A-labels), at most 253 octets, without a trailing dot.',
  parse: Fqdn.parse,
});

export const SlugScalar = scalar({
  name: 'Slug',
  description: '1…63 characters of `a-z`, `0-9` and inner dashes: safe in EOS, FRR, interfaces(5), DNS, a shell and a file name.',
  parse: Slug.parse,
});

export const LabelScalar = scalar({
  name: 'Label',
  description: 'At most 240 printable characters on one line, Unicode NFC. It never reaches a device unescaped.',
  parse: Label.parse,
});

export const DescriptionScalar = scalar({
  name: 'Description',
  description:
    'What people write about a thing, kept as it is: at most 1000 characters, tabs and ends of lines and no other control characters. Empty is none.',
  parse: Description.parse,
});
