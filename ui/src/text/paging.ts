// Where a list ends, in pages of equal length.

// The list has entries, but none as far as this.
export const isBeyond = (list: { count: number }, offset: number) =>
  list.count > 0 && offset >= list.count;

// The offset of the last page that holds something.
export const lastPageOf = (count: number, limit: number) =>
  Math.max(0, Math.floor((count - 1) / limit) * limit);
