import DataLoader from 'dataloader';

const loaders = new WeakMap<object, Map<string, DataLoader<string, unknown>>>();

/**
 * One query for all nodes of a page instead of one for each. Loaders live as long as the request and keep nothing: a subscription
 * reads anew each time. @param load gives a value for every key, in the order of the keys.
 */
export function batched<Key extends string, Value>(
  request: object,
  name: string,
  load: (keys: readonly Key[]) => Promise<readonly Value[]>,
): (key: Key) => Promise<Value> {
  let ofRequest = loaders.get(request);
  if (!ofRequest) {
    ofRequest = new Map();
    loaders.set(request, ofRequest);
  }
  let loader = ofRequest.get(name) as DataLoader<string, Value> | undefined;
  if (!loader) {
    loader = new DataLoader<string, Value>((keys) => load(keys as readonly Key[]).then((values) => [...values]), { cache: false });
    ofRequest.set(name, loader as DataLoader<string, unknown>);
  }
  const found = loader;
  return (key) => found.load(key);
}
