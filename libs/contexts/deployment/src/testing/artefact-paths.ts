import type { Artefact } from '#engines/rendering';

export type { Artefact };

export const artefactPaths = (artefacts: readonly Artefact[]): ReadonlyMap<string, string> =>
  new Map(artefacts.map((artefact) => [artefact.path, artefact.content]));
