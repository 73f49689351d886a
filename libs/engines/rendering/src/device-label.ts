/**
 * Free text for a device: printable ASCII without any character that a CLI, a shell or a config reader could give a meaning to, and without
 * the @ that marks what is put in later: a network called like a secret must not get it.
 * The full text stays in the database. May come out empty: then the line is left out.
 */
export function deviceLabel(label: string, maxLength = 80): string {
  return label
    .normalize('NFKD')
    .replace(/\p{M}/gu, '') // é → e + accent → e
    .replace(/[^ -~]|[!"?'$\\`{};|&<>#@]/gu, ' ')
    .replace(/ +/g, ' ')
    .slice(0, maxLength)
    .trim();
}
