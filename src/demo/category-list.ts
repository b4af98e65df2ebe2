/**
 * The list of a category, page by page, and the defect of 1.4.3.
 *
 * Up to 1.4.2 a category has one page. 1.4.3 lets customers who are signed in go on to the next one:
 * it leaves the database's cursor open where the page ended and goes on there. Who reaches the end
 * closes it. But most people look at one page and leave, and what they left open stays open. A
 * database allows so many open cursors and no more (to users of Oracle this is ORA-01000), and from
 * then on every list fails, for everyone.
 *
 * A test with a fresh shop never comes so far, and visitors who are not signed in leave nothing open.
 * It takes customers, and the more of them a process has, the sooner it comes. 1.4.4 remembers a
 * number instead of a cursor.
 */

/** Rows of a list that were not read yet. */
type Rest<Row> = Iterator<Row>

export interface Reader<Row> {
  /** The whole list, best sellers first, read row by row as it is asked for. */
  open(category: string): Rest<Row>
  /** One page of it. */
  page(category: string, offset: number): readonly Row[]
}

export interface CategoryRequest {
  readonly category: string
  /** Who is signed in. */
  readonly customer?: string | undefined
  /** 1 for the first page. */
  readonly page: number
}

export type CategoryList<Row> = (request: CategoryRequest) => readonly Row[]

/** The database has no cursor left. */
export class OutOfCursorsError extends Error {
  override name = 'OutOfCursorsError'

  constructor() {
    super(`Cannot open a cursor: ${MAX_OPEN_CURSORS} are open, which is all there can be`)
  }
}

/** SQLite itself has no such limit; the servers that larger shops use have one. */
export const MAX_OPEN_CURSORS = 12
export const CATEGORY_PAGE_SIZE = 24

/** 1.4.1 and 1.4.2: there is one page. */
export function firstPageOnly<Row>(reader: Reader<Row>): CategoryList<Row> {
  return ({ category }) => reader.page(category, 0)
}

/** 1.4.3: goes on where the customer was, and forgets to clear up. */
export function leavingCursorsOpen<Row>(reader: Reader<Row>): CategoryList<Row> {
  const places = new Map<string, Rest<Row>>()
  let openCursors = 0
  const open = (category: string): Rest<Row> => {
    if (openCursors >= MAX_OPEN_CURSORS) throw new OutOfCursorsError()
    openCursors += 1
    return reader.open(category)
  }
  const close = (rest: Rest<Row>): void => {
    rest.return?.()
    openCursors -= 1
  }
  return ({ category, customer, page }) => {
    const place = `${customer ?? ''}/${category}`
    const rest = (page > 1 ? places.get(place) : undefined) ?? open(category)
    const { rows, isEnd } = take(rest, CATEGORY_PAGE_SIZE)
    if (customer === undefined || isEnd) {
      close(rest)
      places.delete(place)
    } else {
      // The cursor of an earlier visit is forgotten here, and stays open for good.
      places.set(place, rest)
    }
    return rows
  }
}

/** 1.4.4: the number of the page says where it begins; nothing is kept. */
export function countingRows<Row>(reader: Reader<Row>): CategoryList<Row> {
  return ({ category, customer, page }) =>
    reader.page(category, customer === undefined ? 0 : (page - 1) * CATEGORY_PAGE_SIZE)
}

function take<Row>(rest: Rest<Row>, count: number): { rows: Row[]; isEnd: boolean } {
  const rows: Row[] = []
  while (rows.length < count) {
    const next = rest.next()
    if (next.done === true) return { rows, isEnd: true }
    rows.push(next.value)
  }
  return { rows, isEnd: false }
}
