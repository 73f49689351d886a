const [COMMA, BRACKET, BRACE, QUOTE, BACKSLASH] = [0x2c, 0x5b, 0x7b, 0x22, 0x5c];

/**
 * Whether a document has more values than that, as far as commas and brackets outside of texts tell; it need not be JSON to its end. Thirty megabytes of `{},` are ten million
 * objects: a gigabyte, and seconds in which the process does nothing else.
 * @param json in UTF-8, where no byte of another character looks like one of these.
 */
export function hasMoreValues(json: Uint8Array, most: number): boolean {
  if (json.length <= most) return false; // Each takes a byte.
  let [count, isText] = [0, false];
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (isText && byte === BACKSLASH) at += 1;
    else if (byte === QUOTE) isText = !isText;
    else if (!isText && (byte === COMMA || byte === BRACKET || byte === BRACE) && ++count > most) return true;
  }
  return false;
}
