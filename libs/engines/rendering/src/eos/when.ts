/** The items, or none of them. */
export const when = <T>(condition: unknown, ...items: readonly T[]): readonly T[] => (condition ? items : []);
