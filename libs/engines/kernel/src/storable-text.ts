/** A text of a device, of another system or of an error as Postgres takes it: NUL and halves of characters, which neither text nor jsonb can hold, are replaced. */
export const storableText = (text: string): string => text.replaceAll('\0', '\u{fffd}').replace(/\p{Surrogate}/gu, '\u{fffd}');
