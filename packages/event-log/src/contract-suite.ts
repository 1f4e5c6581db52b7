import { describe } from 'node:test'
import { closingRules } from './contract/closing.ts'
import { commandRules, retentionRules } from './contract/commands.ts'
import { concurrencyRules } from './contract/concurrency.ts'
import { filterRules } from './contract/filters.ts'
import { followRules } from './contract/follow.ts'
import { limitRules } from './contract/limits.ts'
import { modelRules } from './contract/model.ts'
import { noticeRules } from './contract/notices.ts'
import { orderRules } from './contract/order.ts'
import { purgeRules } from './contract/purge.ts'
import { type Category, type Exceptions, type LogUnderTest, ruleOf } from './contract/rule.ts'

export type { Category, Exceptions, LogUnderTest } from './contract/rule.ts'

/**
 * Runs every rule of the event log's port against an adapter, with node:test. `open` gives each test a log of its own.
 * What an adapter can't do it declares by category, with the reason.
 */
export const eventLogContract = (
  name: string,
  open: () => Promise<LogUnderTest>,
  exceptions: Exceptions = {},
): void => {
  const rule = (category: Category) => ruleOf(category, open, exceptions)
  describe(`${name} keeps the contract of the event log`, () => {
    orderRules(rule('order'))
    concurrencyRules(rule('concurrency'))
    commandRules(rule('commands'))
    retentionRules(rule('retention'))
    limitRules(rule('limits'))
    filterRules(rule('filters'))
    followRules(rule('follow'))
    noticeRules(rule('notices'))
    purgeRules(rule('purge'))
    closingRules(rule('closing'))
    modelRules(rule('model'), open)
  })
}
