/** Blanks per level, as EOS prints. */
export const STEP = 3;
