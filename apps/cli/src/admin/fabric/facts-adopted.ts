/** How a device said it before it was ours (ADR 0016): `trame import config --write-fabric` writes it, nobody else does. */
import { z } from 'zod';
import { type AdoptedFacts, DEVIATION_CODES } from '#engines/intent';

/** It becomes a line of a configuration: nothing in it may begin another one. */
const line = z
  .string()
  .max(4096)
  .regex(/^[^\r\n\0]*$/, 'one line');
const artefactPath = z.string().regex(/^[\w./+-]{1,200}$/, 'the path of an artefact');
const section = z.array(line).max(16);

const edit = z.strictObject({
  section,
  trame: line.nullable(),
  running: line.nullable(),
  with: line.exactOptional(),
});

export const adopted: z.ZodType<AdoptedFacts> = z.strictObject({
  names: z.array(z.strictObject({ derived: line, running: line })).default([]),
  deviations: z
    .array(
      z.strictObject({
        code: z.enum(DEVIATION_CODES),
        path: artefactPath,
        subject: line,
        edits: z.array(edit),
        order: z.strictObject({ section, lines: z.array(line) }).exactOptional(),
        covers: z.strictObject({ section, word: line, lines: z.array(line) }).exactOptional(),
      }),
    )
    .default([]),
  kept: z.array(z.strictObject({ path: artefactPath, section, text: line, with: line.exactOptional() })).default([]),
});
