import { type CoveredPage, coveredPages, type PageRequest } from './pages.ts'

/** Messages listed at a time, and overwritten at once. */
const LISTED = 1000
const AT_ONCE = 64

type Deps = {
  /** Keeps in the ledger that the account is erased up to a position. */
  readonly keepErasure: (account: string, upTo: number) => Promise<void>
  /** Overwrites one message; false: it isn't there. */
  readonly eraseOne: (position: number) => Promise<boolean>
  readonly page: (request: PageRequest) => Promise<CoveredPage>
}

/**
 * Overwrites every message of an account (log.TENANT.ACCOUNT) up to a position, one by one: a purge by subject would only forget them and leave
 * their bytes in the files. Returns how many there were.
 */
export const erase = async (
  { keepErasure, eraseOne, page }: Deps,
  { account, upTo }: { readonly account: string; readonly upTo: number },
): Promise<number> => {
  await keepErasure(account, upTo)
  const listed = { subject: `${account}.>`, after: 0, upTo, count: LISTED }
  let erased = 0
  for (let found = -1; found !== 0; ) {
    found = 0
    for await (const messages of coveredPages(page, listed)) {
      const positions = messages.map(({ position }) => position)
      found += positions.length
      erased += await eraseAll(eraseOne, positions)
    }
  }
  return erased
}

const eraseAll = async (eraseOne: Deps['eraseOne'], positions: readonly number[]): Promise<number> => {
  let erased = 0
  const waiting = positions.values()
  const worker = async () => {
    for (const position of waiting) if (await eraseOne(position)) erased++
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return erased
}
