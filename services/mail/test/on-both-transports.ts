import { after } from 'node:test'
import { type MailClient, MailDefinition } from '@relais/proto/mail/v1/mail.ts'
import type { CallExtras, Identity } from '@relais/service-kit/call.ts'
import { forBothTransports } from '@relais/testing'
import { asOwner, type Harness, type HarnessOptions, startMail } from './harness.ts'

type Client = MailClient<CallExtras>

/** The same client, whose calls say who calls where they don't say it themselves. */
export const actingAs = (client: Client, identity: Identity): Client =>
  new Proxy(client, {
    get: (target, name: keyof Client) => {
      const call = target[name] as (request: unknown, options?: CallExtras) => unknown
      return (request: unknown, options: CallExtras = {}) => call(request, { identity, ...options })
    },
  })

/** What a suite works with; there once its tests run. `client` is the owner's. */
export type Suite = { readonly client: Client; readonly mail: Harness }

/** The same tests in process and over gRPC, each on a mail service of its own. */
export const onBothTransports = (tests: (suite: Suite) => void, options?: HarnessOptions): void => {
  const closing: (() => void | Promise<void>)[] = []
  const scope = { after: (close: () => void | Promise<void>) => void closing.push(close) }
  let harness: Harness | undefined
  const start = async () => {
    harness = await startMail(scope, options)
    return harness.mail.handlers
  }
  forBothTransports(MailDefinition, start, (transport) => {
    after(async () => {
      for (const close of closing.splice(0)) await close()
    })
    tests({
      get client() {
        return actingAs(transport.client as Client, asOwner())
      },
      get mail() {
        return harness!
      },
    })
  })
}
