// What the pages name is there: links, files, npm scripts, settings.
import fs from 'node:fs';
import path from 'node:path';
import { REPOSITORY } from './source-tree.js';

const inRepository = (...parts: string[]): string => path.join(REPOSITORY, ...parts);
const read = (file: string): string => fs.readFileSync(inRepository(file), 'utf8');
const all = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, found]) => found as string);

const pages = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  ...fs
    .readdirSync(inRepository('docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join('docs', name)),
];

/** As GitHub makes anchors of headings. */
const anchors = (page: string): string[] =>
  all(read(page), /^#+ (.*)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );

/** Files by their path from the root, or below libs/contexts as life-of-an-order.md writes them; `NNNN` stands for a number. */
const isThere = (file: string): boolean =>
  /N{3}|…|\*|</.test(file) || [file, `libs/contexts/${file}`].some((candidate) => fs.existsSync(inRepository(candidate)));

describe.each(pages)('%s', (page) => {
  const text = read(page);

  it('links to pages and headings that exist', () => {
    const broken = all(text, /\]\(([^)\s]+)\)/g)
      .filter((link) => !/^https?:/.test(link))
      .filter((link) => {
        const [file = '', anchor] = link.split('#');
        const target = file === '' ? page : path.join(path.dirname(page), file);
        return !fs.existsSync(inRepository(target)) || (anchor !== undefined && !anchors(target).includes(anchor));
      });
    expect(broken).toEqual([]);
  });

  it('names files and npm scripts that exist', () => {
    const files = all(text, /`((?:apps|docs|libs|migrations|test|tools|\w+\/src)\/[^`\s]*)`/g);
    expect(files.filter((file) => !isThere(file))).toEqual([]);
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    expect(all(text, /npm run ([a-z]+)/g).filter((script) => !scripts[script])).toEqual([]);
  });
});

describe('README.md', () => {
  it('has a line for every setting, and none for another', () => {
    const declared = all(read('libs/platform/src/config/config.ts'), /^ {2}([A-Z][A-Z_]+): /gm);
    expect(declared.length).toBeGreaterThan(10);
    expect(all(read('README.md'), /^\| `([A-Z][A-Z_]+)` \|/gm)).toEqual(declared);
  });
});

describe('docker-compose.yml', () => {
  const compose = read('docker-compose.yml');
  const page = read('docs/how-to/try-with-real-systems.md');

  it('gets each secret that it asks for from what the page writes, and no other', () => {
    const asked = all(compose, /\$\{([A-Z_]+):(?:\?[^}]+|-)\}/g);
    expect(all(page, /^([A-Z_]+)=\$\(openssl rand /gm).sort()).toEqual([...new Set(asked)].sort());
  });

  it('has the services that connectors are pointed at, and phpIPAM only behind https', () => {
    const services = new Set(all(compose, /^ {2}([a-z-]+):/gm));
    const places = all(page, /--url (https?:\/\/[a-z-]+)/g);
    expect(places).toHaveLength(3);
    expect(places.filter((place) => !services.has(new URL(place).hostname))).toEqual([]);
    expect(all(page, /--kind (phpipam --url https):/g)).toHaveLength(1);
  });
});

describe('life-of-an-order.md', () => {
  it('names classes, methods and functions that are where it says', () => {
    const page = read('docs/life-of-an-order.md');
    const sources = (folder: string): string[] =>
      fs
        .readdirSync(inRepository(folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => /(?<!spec)\.ts$/.test(name))
        .map((name) => path.join(folder, name));
    const texts = new Map(['libs', 'apps', 'migrations'].flatMap(sources).map((file) => [file, read(file)]));
    const holds = (text: string, symbol: string): boolean => symbol.split('.').every((word) => new RegExp(`\\b${word}\\b`).test(text));
    const missing: string[] = [];
    for (const [, symbol = '', file] of page.matchAll(/`([A-Za-z]+(?:\.[a-z][A-Za-z]*)?)`(?:\s+\(`([^`]+\.ts)`\))?/g)) {
      if (!/^[A-Z][a-zA-Z]+\.[a-z]|^[a-z]+[A-Z]|^[A-Z][a-z]+[A-Z]/.test(symbol)) continue;
      const places = file ? [texts.get(file) ?? texts.get(`libs/contexts/${file}`) ?? ''] : [...texts.values()];
      if (!places.some((text) => holds(text, symbol))) missing.push(file ? `${symbol} in ${file}` : symbol);
    }
    expect(missing).toEqual([]);
  });
});
