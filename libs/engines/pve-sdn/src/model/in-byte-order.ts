/** The order of Perl's and Rust's `sort`: by octets, no locale. Ids are ASCII, so code units are octets. */
export function inByteOrder<T>(key: (item: T) => string): (a: T, b: T) => number {
  return (a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0);
}
