/** A page of a list, such as `CustomerPage`. */
export interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
}

/**
 * Yield the items of every page.
 *
 *     items((cursor) => client.GET("/api/v1/customers", { params: { query: { cursor, max_trust: 20 } } }))
 */
export async function* items<Item>(
  read: (cursor: string | undefined) => Promise<{ data?: Page<Item> }>,
): AsyncGenerator<Item, void, undefined> {
  let cursor: string | undefined;
  do {
    const { data } = await read(cursor);
    if (data === undefined) return;
    yield* data.items;
    cursor = data.next_cursor ?? undefined;
  } while (cursor !== undefined);
}
