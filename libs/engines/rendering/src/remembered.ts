/** What is made of an object that does not change: once, for as long as somebody has the object. */
export function remembered<T extends object, V extends object>(make: (of: T) => V): (of: T) => V {
  const made = new WeakMap<T, V>();
  return (of) => {
    let value = made.get(of);
    if (value === undefined) made.set(of, (value = make(of)));
    return value;
  };
}
