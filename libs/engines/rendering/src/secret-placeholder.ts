/** Stands for a secret in rendered text: a secret never is in an artefact, a digest or a diff, and is put in at the push. */
export const secretPlaceholder = (name: string): string => `@secret:${name}@`;
