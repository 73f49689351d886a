/** Of a query: gunicorn takes request lines of 4094 bytes. */
const MAX_QUERY = 3500;
/** NetBox' own bound of a page, unless its administrator lowered it. */
export const PAGE_SIZE = 1000;

/** Values of one filter, so many at once as fit into a request line and a page. @param nameLength of the filter. */
export function* chunks(values: readonly string[], nameLength: number): Generator<string[]> {
  let chunk: string[] = [];
  let length = 0;
  for (const value of values) {
    const more = nameLength + 2 + encodeURIComponent(value).length;
    if (chunk.length > 0 && (length + more > MAX_QUERY || chunk.length >= PAGE_SIZE)) {
      yield chunk;
      [chunk, length] = [[], 0];
    }
    chunk.push(value);
    length += more;
  }
  if (chunk.length > 0) yield chunk;
}
