import { describe, test } from 'node:test'
import { closingRules } from './contract/closing.ts'
import { failureRules } from './contract/failures.ts'
import { gapRules } from './contract/gaps.ts'
import { rowsFollowTheLog } from './contract/model.ts'
import { rebuildingRules } from './contract/rebuilding.ts'
import { repeatRules } from './contract/repeats.ts'
import { type Category, type Exceptions, type RowsUnderTest, ruleOf } from './contract/rule.ts'
import { snapshotRules } from './contract/snapshots.ts'
import { sumRules } from './contract/sums.ts'
import { tenantRules } from './contract/tenants.ts'
import { togetherRules } from './contract/together.ts'
import { transactionRules } from './contract/transactions.ts'
import { valueRules } from './contract/values.ts'
import { versionRules } from './contract/versions.ts'
import { waitingRules } from './contract/waiting.ts'

export type { RowsUnderTest } from './contract/rule.ts'

/**
 * Runs every rule of the read store's port against an adapter, with node:test. `open` gives each test a log and a place
 * for rows of its own. What an adapter can't do it declares by category, with the reason.
 */
export const readStoreContract = (
  name: string,
  open: () => Promise<RowsUnderTest>,
  exceptions: Exceptions = {},
): void => {
  const rule = (category: Category) => ruleOf(category, open, exceptions)
  describe(`${name} keeps the contract of the read store`, () => {
    togetherRules(rule('together'))
    waitingRules(rule('waiting'))
    snapshotRules(rule('snapshots'))
    rebuildingRules(rule('rebuilding'))
    gapRules(rule('gaps'))
    failureRules(rule('failures'))
    sumRules(rule('sums'))
    repeatRules(rule('repeats'))
    tenantRules(rule('tenants'))
    valueRules(rule('values'))
    versionRules(rule('versions'))
    transactionRules(rule('transactions'))
    closingRules(rule('closing'))
    const skip = exceptions.model ?? false
    test('model: whatever happens in whatever order, the rows are those of the log', { skip }, () =>
      rowsFollowTheLog(open),
    )
  })
}
