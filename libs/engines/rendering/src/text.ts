/** The whole template language: a renderer is a function from a slice of intent to lines. */
export type Part = string | readonly Part[] | null | false;

/** Flattens; null and false are left out. */
export function lines(...parts: readonly Part[]): string[] {
  return parts.flatMap((part) => (part === null || part === false ? [] : typeof part === 'string' ? [part] : lines(...part)));
}

export function indent(by: number, ...parts: readonly Part[]): string[] {
  return lines(...parts).map((line) => `${' '.repeat(by)}${line}`);
}

/** A head, its body one step deeper, and a closing line where the dialect has one. */
export function block(by: number, head: string, body: Part, tail: string | null = null): string[] {
  return lines(head, indent(by, body), tail);
}

/** Paragraphs with a separator line between them; empty ones are left out. */
export function paragraphs(separator: string, parts: readonly (readonly string[])[]): string[] {
  return parts.filter((part) => part.length > 0).flatMap((part, position) => (position === 0 ? part : [separator, ...part]));
}
