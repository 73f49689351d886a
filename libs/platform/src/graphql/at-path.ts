import { DomainError, isDomainError } from '#engines/kernel';

/** Says where in the input a value was that could not be: `atPath(['attachments', 0, 'port'], () => PortName.parse(text))`. */
export function atPath<Value>(path: readonly (string | number)[], parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    if (!isDomainError(error)) throw error;
    throw new DomainError(error.code, error.message, { ...error.facts, path: path.map(String) }, { cause: error });
  }
}
