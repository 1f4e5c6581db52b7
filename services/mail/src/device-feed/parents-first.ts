type InTree = { readonly id: string; readonly parent: string }

/** A phone can't place a mailbox whose parent it doesn't know yet; otherwise the order stays. */
export const parentsFirst = <Row extends InTree>(rows: readonly Row[]): Row[] => {
  const byId = new Map(rows.map((row) => [row.id, row]))
  const ordered = new Set<Row>()
  for (const row of rows) {
    const path = [row]
    for (let above = byId.get(row.parent); above && !path.includes(above); above = byId.get(above.parent))
      path.push(above)
    for (const one of path.toReversed()) ordered.add(one)
  }
  return [...ordered]
}
