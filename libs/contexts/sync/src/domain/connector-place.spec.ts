import { placeOf } from './connector-place.js';

const place = (url: string, rest: object = {}): string | null =>
  placeOf({ kind: 'NETBOX', url, enabled: true, settings: {}, ...rest } as Parameters<typeof placeOf>[0]);

it.each(['https://netbox.example', 'http://NetBox.example/', 'https://netbox.example:443//', 'https://netbox.example/api/'])(
  '%s is one place however it is spelled',
  (url) => {
    expect(place(url)).toBe(place('https://netbox.example'));
  },
);

it('another host, port, path or column of marks is another place', () => {
  const places = [
    place('https://netbox.example'),
    place('https://other.example'),
    place('https://netbox.example:8443'),
    place('https://netbox.example/second'),
    place('https://netbox.example', { settings: { markColumn: 'custom_other' } }),
  ];
  expect(new Set(places).size).toBe(places.length);
});

it('what is switched off, and a name server, are in nobody’s way', () => {
  expect(place('https://netbox.example', { enabled: false })).toBeNull();
  expect(place('https://dns.example', { kind: 'POWERDNS' })).toBeNull();
});
