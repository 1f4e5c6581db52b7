import { decodeCommit } from '../commit-record.ts'
import type { PageLimit } from '../feed.ts'
import type { CommitFilter, FollowBatch } from '../port.ts'
import type { Statement } from './session.ts'

/** Bytes of records after which a page ends, however many commits were asked for. */
const PAGE_BYTES = 2 * 1024 * 1024

const { MAX_SAFE_INTEGER } = Number

/** Ranges of an index, and what chooses among them. */
type Choice = { readonly ranges: string; readonly condition: string; readonly values: readonly string[] }

type Row = { readonly position: number; readonly record: Uint8Array }

const given = (column: string, name: string | undefined, values: string[]): string => {
  if (name === undefined) return ''
  values.push(name)
  return ` AND ${column} = $${values.length}`
}

/** An account has a range for each of its streams, a tenant one for each service. */
const choiceOf = ({ tenant, account, service }: CommitFilter): Choice => {
  const values: string[] = []
  const narrowed = (): string => given('t.name', tenant, values) + given('v.name', service, values)
  if (account !== undefined) {
    const ofAccount = given('s.account', account, values)
    const ranges = `SELECT s.id FROM streams s JOIN tenants t ON t.id = s.tenant JOIN services v ON v.id = s.service
      WHERE true${ofAccount}${narrowed()}`
    return { ranges, condition: 'c.stream = k.id', values }
  }
  if (tenant !== undefined) {
    const ranges = `SELECT t.id AS tenant, v.id AS service FROM tenants t, services v WHERE true${narrowed()}`
    return { ranges, condition: 'c.tenant = k.tenant AND c.service = k.service', values }
  }
  if (service !== undefined) {
    const ranges = `SELECT v.id FROM services v WHERE true${narrowed()}`
    return { ranges, condition: 'c.service = k.id', values }
  }
  return { ranges: 'SELECT 1', condition: 'true', values }
}

const kindOf = ({ tenant, account, service }: CommitFilter) =>
  [tenant, account, service].map((name) => (name === undefined ? '-' : 'x')).join('')

/** The next commits that match, as many as fit a page. Their sizes are known before their bytes are fetched. */
export const pageStatement = (filter: CommitFilter, after: number, limit: PageLimit): Statement => {
  const { ranges, condition, values } = choiceOf(filter)
  const [from, to, count] = [1, 2, 3].map((more) => `$${values.length + more}::bigint`)
  const text = `
    SELECT position, record FROM (
      SELECT position, record, sum(octet_length(record)) OVER (ORDER BY position ROWS UNBOUNDED PRECEDING)
        - octet_length(record) AS ahead
      FROM (
        SELECT c.position, c.record FROM (${ranges}) k CROSS JOIN LATERAL (
          SELECT c.position, c.record FROM commits c
          WHERE ${condition} AND c.position > ${from} AND c.position <= ${to} ORDER BY c.position LIMIT ${count}
        ) c ORDER BY c.position LIMIT ${count}
      ) found
    ) sized WHERE ahead < ${PAGE_BYTES} ORDER BY position`
  const bounds = [Math.min(after, MAX_SAFE_INTEGER), limit.upTo ?? MAX_SAFE_INTEGER, limit.batch]
  return { name: `page ${kindOf(filter)}`, text, values: [...values, ...bounds] }
}

/** `caughtUp`: these are all there are. */
export const pageOf = (rows: readonly Row[], { batch }: PageLimit): FollowBatch => {
  const bytes = rows.reduce((sum, { record }) => sum + record.length, 0)
  const commits = rows.map(({ position, record }) => decodeCommit(position, record))
  return { commits, caughtUp: commits.length < batch && bytes < PAGE_BYTES }
}

/** Position of the last commit that matches. One look-up for each range. */
export const headStatement = (filter: CommitFilter): Statement => {
  const { ranges, condition, values } = choiceOf(filter)
  const text = `
    SELECT coalesce(max(c.position), 0) AS head FROM (${ranges}) k CROSS JOIN LATERAL (
      SELECT c.position FROM commits c WHERE ${condition} ORDER BY c.position DESC LIMIT 1
    ) c`
  return { name: `head ${kindOf(filter)}`, text, values: [...values] }
}
