import { MailDefinition, type MailServiceImplementation } from '@relais/proto/mail/v1/mail.ts'
import type { Call } from '@relais/service-kit/call.ts'

type Handlers = MailServiceImplementation<Call>
type Handler = (request: unknown, call: unknown) => unknown

/** The handlers of whatever runs when a call comes. */
export const delegating = (current: () => Handlers): Handlers => {
  const handlerOf = (name: string) => (current() as unknown as Record<string, Handler>)[name]!
  const one =
    (name: string): Handler =>
    async (request, call) =>
      handlerOf(name)(request, call)
  const many = (name: string): Handler =>
    async function* (request, call) {
      yield* handlerOf(name)(request, call) as AsyncIterable<unknown>
    }
  const methods = Object.entries(MailDefinition.methods)
  return Object.fromEntries(
    methods.map(([name, { responseStream }]) => [name, responseStream ? many(name) : one(name)]),
  ) as unknown as Handlers
}
