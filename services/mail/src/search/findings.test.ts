import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Findings } from './findings.ts'

const rows = (...docs: number[]) => docs.map((doc) => ({ doc }))
const docsOf = (findings: Findings<{ doc: number }>) => findings.page().rows.map(({ doc }) => doc)

describe('what was found so far', () => {
  test('is told newest first, page by page, whatever order it came in', () => {
    const findings = new Findings({ offset: 1, limit: 2, countTo: 10 })
    findings.add(rows(5, 1), 4)
    findings.add(rows(3, 9), 0)
    assert.deepEqual(findings.page(), { rows: rows(5, 3), total: 4 })
  })

  test('is enough once as many are there as are counted, and nothing newer can come', () => {
    const findings = new Findings({ offset: 0, limit: 1, countTo: 3 })
    assert.equal(findings.add(rows(9, 2, 1), 5), false, 'newer ones than two of them can come')
    assert.equal(findings.add(rows(4, 3), 3), true)
  })

  test('is enough once the page is there where this is more than what is counted', () => {
    const findings = new Findings({ offset: 2, limit: 2, countTo: 1 })
    assert.equal(findings.add(rows(9, 8, 7), 0), false)
    assert.equal(findings.add(rows(6), 0), true)
    assert.deepEqual(findings.page(), { rows: rows(7, 6), total: 1 })
  })

  test('is one where it is found twice: it was written anew meanwhile', () => {
    const findings = new Findings({ offset: 0, limit: 5, countTo: 5 })
    findings.add(rows(2, 1), 1)
    findings.add(rows(2), 0)
    assert.deepEqual([docsOf(findings), findings.page().total], [[2, 1], 2])
  })

  test('is what a look at everything would find, however it is cut and wherever it ends', () => {
    const counting = fc.record({
      offset: fc.nat(5),
      limit: fc.integer({ min: 1, max: 5 }),
      countTo: fc.nat(8),
    })
    const volumes = fc.array(fc.uniqueArray(fc.nat(60), { minLength: 1, maxLength: 6 }), { maxLength: 8 })
    fc.assert(
      fc.property(counting, volumes, (counts, cut) => {
        const newestFirst = cut.toSorted((a, b) => Math.max(...b) - Math.max(...a))
        const findings = new Findings<{ doc: number }>(counts)
        for (const [at, docs] of newestFirst.entries())
          if (findings.add(rows(...docs), Math.max(-1, ...(newestFirst[at + 1] ?? [])) + 1)) break
        const all = [...new Set(cut.flat())].toSorted((a, b) => b - a)
        assert.deepEqual(docsOf(findings), all.slice(counts.offset, counts.offset + counts.limit))
        assert.equal(findings.page().total, Math.min(all.length, counts.countTo))
      }),
    )
  })
})
