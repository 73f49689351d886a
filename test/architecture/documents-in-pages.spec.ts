// What the pages show of GraphQL can be copied: it is valid against the schema.
import fs from 'node:fs';
import path from 'node:path';
import { buildSchema, parse, validate } from 'graphql';
import { REPOSITORY } from './source-tree.js';

const schema = buildSchema(fs.readFileSync(path.join(REPOSITORY, 'schema.graphql'), 'utf8'));
const documents = fs
  .readdirSync(path.join(REPOSITORY, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .flatMap((name) =>
    [...fs.readFileSync(path.join(REPOSITORY, 'docs', name), 'utf8').matchAll(/^ *```graphql\n([^]*?)^ *```$/gm)].map(
      ([, text], index) => ({
        page: name,
        index,
        text: text as string,
      }),
    ),
  );

describe('a document of the pages', () => {
  it('is found', () => {
    expect(documents.length).toBeGreaterThan(8);
  });

  it.each(documents)('can be sent: $page, $index', ({ text }) => {
    expect(validate(schema, parse(text)).map(({ message }) => message)).toEqual([]);
  });
});
