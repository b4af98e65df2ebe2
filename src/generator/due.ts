/** Due list: users by the moment from which they may send; the earliest, then the first added. */

export interface DueList {
  add(user: number, dueMs: number): void
  firstMs(): number | undefined
  /** @throws RangeError if the list is empty */
  removeFirst(): number
}

interface Entry {
  readonly user: number
  readonly dueMs: number
  readonly order: number
}

/** A binary heap of at most `capacity` users. */
export function createDueList(capacity: number): DueList {
  const heap: Entry[] = []
  let added = 0

  function isBefore(left: Entry, right: Entry): boolean {
    return left.dueMs === right.dueMs ? left.order < right.order : left.dueMs < right.dueMs
  }

  function rise(entry: Entry): void {
    let index = heap.length
    heap.push(entry)
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = heap[parentIndex]
      if (parent === undefined || !isBefore(entry, parent)) break
      heap[index] = parent
      index = parentIndex
    }
    heap[index] = entry
  }

  function sink(entry: Entry): void {
    let index = 0
    for (;;) {
      let childIndex = 2 * index + 1
      const left = heap[childIndex]
      if (left === undefined) break
      const right = heap[childIndex + 1]
      const child = right !== undefined && isBefore(right, left) ? right : left
      if (child === right) childIndex += 1
      if (!isBefore(child, entry)) break
      heap[index] = child
      index = childIndex
    }
    heap[index] = entry
  }

  return {
    add(user, dueMs) {
      if (heap.length >= capacity) throw new RangeError(`A due list holds ${capacity} users`)
      added += 1
      rise({ user, dueMs, order: added })
    },
    firstMs: () => heap[0]?.dueMs,
    removeFirst() {
      const first = heap[0]
      const last = heap.pop()
      if (first === undefined || last === undefined) throw new RangeError('The due list is empty')
      if (heap.length > 0) sink(last)
      return first.user
    },
  }
}
