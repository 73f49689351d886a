import { releaseOn } from './probe.js';

it.each([
  ['the footer', '<a href="http://phpipam.net">phpIPAM IP address management [v1.8.2]</a>', '1.8.2'],
  ['the footer of 1.1', 'phpIPAM IP address management [v1.1] rev010', '1.1'],
  ['a script of 1.7', '<script src="/js/bootstrap.min.js?v=1.7.3"></script>', '1.7.3'],
  ['a script of 1.8', '<link href="/css/bootstrap.css?v=1.8.3_r002_v46">', '1.8.3'],
  ['another page', '<html>nginx</html>', null],
])('reads the release in %s', (_where, page, release) => {
  expect(releaseOn(page)).toBe(release);
});
