/**
 * Whoever says nothing runs the real thing. Otherwise graphql-js looks at every value it meets for classes of another copy of itself,
 * which costs 7 % of a small request. Imported before graphql-js is, which reads it once.
 */
process.env['NODE_ENV'] ??= 'production';
