import { refuseSyntaxTree } from './query-limits.js';

describe('a query that is JSON and no document', () => {
  it.each([
    '{"kind":"Document","definitions":[]}',
    ' \n{ "kind": "Document" }',
    '{}',
    '[]',
    '[{"kind":"Document"}]',
    '"{ __typename }"',
    '7',
    '-1',
    'null',
    'true ',
  ])('is refused: %j', (source) => {
    expect(() => refuseSyntaxTree(source)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }));
  });

  it.each([
    '{ __typename }',
    '{__typename}',
    '{ "x" }',
    '# {"kind":"Document"}\n{ __typename }',
    'query { __typename }',
    'nullable',
    '{',
    '',
  ])('and nothing else is: %j', (source) => {
    expect(() => refuseSyntaxTree(source)).not.toThrow();
  });
});
