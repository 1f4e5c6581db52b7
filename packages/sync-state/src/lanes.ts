/** Rows that one read of an index range asks for at first and at most; what isn't needed in the end is cost. */
const FIRST_CHUNK = 16
const MAX_CHUNK = 128

/** Reads an index range a chunk at a time; `page` gives what follows a row, or the range's beginning. */
export type Page<Row> = (after: Row | undefined, limit: number) => Promise<readonly Row[]>

export async function* paged<Row>(page: Page<Row>): AsyncGenerator<Row> {
  let last: Row | undefined
  for (let chunk = FIRST_CHUNK; ; chunk = Math.min(chunk * 2, MAX_CHUNK)) {
    const rows = await page(last, chunk)
    yield* rows
    if (rows.length < chunk) return
    last = rows.at(-1)
  }
}

type Lane<Row> = { readonly rows: AsyncGenerator<Row>; readonly next: Row }

const advance = async <Row>(rows: AsyncGenerator<Row>): Promise<Lane<Row> | undefined> => {
  const { value, done } = await rows.next()
  return done ? undefined : { rows, next: value }
}

/** Several ranges, each in order, as one in order. */
export async function* merged<Row>(
  sources: readonly AsyncGenerator<Row>[],
  compare: (a: Row, b: Row) => number,
): AsyncGenerator<Row> {
  const lanes = await Promise.all(sources.map(advance))
  for (;;) {
    let first = -1
    for (const [index, lane] of lanes.entries())
      if (lane && (first < 0 || compare(lane.next, lanes[first]!.next) < 0)) first = index
    const lane = lanes[first]
    if (lane === undefined) return
    yield lane.next
    lanes[first] = await advance(lane.rows)
  }
}

/** Rows in order, those that compare as equal to the one before left out. */
export async function* distinct<Row>(
  rows: AsyncGenerator<Row>,
  compare: (a: Row, b: Row) => number,
): AsyncGenerator<Row> {
  let last: Row | undefined
  for await (const row of rows) {
    if (last !== undefined && compare(last, row) === 0) continue
    last = row
    yield row
  }
}
