/** Make a function that creates a value once for each key. Formats of Intl are slow to create. */
export function cachedBy<Key extends readonly string[], Value>(create: (...key: Key) => Value): (...key: Key) => Value {
  const values = new Map<string, Value>();
  return (...key) => {
    const name = key.join("\n");
    let value = values.get(name);
    if (value === undefined) values.set(name, (value = create(...key)));
    return value;
  };
}
