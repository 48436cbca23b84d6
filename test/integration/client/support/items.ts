/**
 * Reads an iterator until an item fits.
 *
 * @throws Error where the iterator ends before
 */
export async function until<Item, Fit extends Item>(
  items: AsyncIterator<Item, undefined>,
  fits: (item: Item) => item is Fit,
): Promise<Fit> {
  for (;;) {
    const { value } = await items.next();
    if (value === undefined) throw new Error('the iterator has ended');
    if (fits(value)) return value;
  }
}
