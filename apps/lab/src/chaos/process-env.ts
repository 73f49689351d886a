/** Later layers win; options for Node add up, so that one process may have two things wrong with it. */
export function processEnv(...layers: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const options = layers.flatMap(({ NODE_OPTIONS }) => NODE_OPTIONS ?? []);
  return { ...Object.assign({}, ...layers), ...(options.length > 0 ? { NODE_OPTIONS: options.join(' ') } : {}) };
}
