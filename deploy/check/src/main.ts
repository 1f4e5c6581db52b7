// One round of what a phone does, against an installation: `helm test` runs it.
import { randomUUID } from 'node:crypto'
import { check } from './check.ts'

const { RELAIS_CHECK_PHONES, RELAIS_CHECK_LMTP, RELAIS_CHECK_ADDRESS, RELAIS_CHECK_PASSWORD } = process.env

const given = (name: string, value: string | undefined): string => {
  if (!value) throw new Error(`${name} is not set`)
  return value
}

/** fetch says only in its cause why nobody was reached. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}

try {
  await check({
    account: {
      url: given('RELAIS_CHECK_PHONES', RELAIS_CHECK_PHONES),
      address: given('RELAIS_CHECK_ADDRESS', RELAIS_CHECK_ADDRESS),
      password: given('RELAIS_CHECK_PASSWORD', RELAIS_CHECK_PASSWORD),
    },
    lmtp: given('RELAIS_CHECK_LMTP', RELAIS_CHECK_LMTP),
    subject: `relais-check-${randomUUID()}`,
    say: (line) => process.stdout.write(`${line}\n`),
  })
} catch (error) {
  process.stderr.write(`relais check: ${reasonOf(error)}\n`)
  process.exit(1) // a Ping may be waiting still
}
