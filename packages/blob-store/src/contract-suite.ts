import { describe, test } from 'node:test'
import { artefactRules } from './contract/artefacts.ts'
import { contentRules } from './contract/content.ts'
import { damageRules } from './contract/damage.ts'
import { answersAsAMap } from './contract/model.ts'
import { nameRules } from './contract/names.ts'
import { rangeRules } from './contract/ranges.ts'
import { type BlobsUnderTest, type Category, type Exceptions, ruleOf } from './contract/rule.ts'
import { sweepRules } from './contract/sweeping.ts'
import { tenantRules } from './contract/tenants.ts'
import { writingRules } from './contract/writing.ts'

export type { BlobsUnderTest } from './contract/rule.ts'

/**
 * Runs every rule of the blob store's port against an adapter, with node:test. `open` gives each test a store of its own.
 * What an adapter can't do it declares by category, with the reason.
 */
export const blobStoreContract = (
  name: string,
  open: () => Promise<BlobsUnderTest>,
  exceptions: Exceptions = {},
): void => {
  const rule = (category: Category) => ruleOf(category, open, exceptions)
  describe(`${name} keeps the contract of the blob store`, () => {
    contentRules(rule('content'))
    rangeRules(rule('ranges'))
    writingRules(rule('writing'))
    tenantRules(rule('tenants'))
    artefactRules(rule('artefacts'))
    damageRules(rule('damage'))
    sweepRules(rule('sweeping'))
    nameRules(rule('names'))
    const skip = exceptions.model ?? false
    test('model: whatever is done in whatever order, it answers as a plain map would', { skip }, () =>
      answersAsAMap(open),
    )
  })
}
