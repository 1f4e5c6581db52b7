import { after, before, describe } from 'node:test'
import {
  type DeepPartial,
  type DeliverHeader,
  type MailClient,
  MailDefinition,
} from '@relais/proto/mail/v1/mail.ts'
import { createGrpcClient, createGrpcServer, serve } from '@relais/service-kit'
import type { CallExtras } from '@relais/service-kit/call.ts'
import type { TestScope } from '@relais/testing'
import { deliver, plain } from '../calls.ts'
import { asOwner, type Harness, startMail, TENANT } from '../harness.ts'
import { TestDevice } from './device.ts'

type Client = MailClient<CallExtras>

/** An account of its own, in mail that a whole suite shares. */
export type Served = {
  readonly client: Client
  readonly log: Harness['log']
  /** Names the account in calls. */
  readonly who: { readonly tenant: string; readonly account: string }
  /** Its owner's identity. */
  readonly as: { readonly identity: ReturnType<typeof asOwner> }
  readonly device: TestDevice
  deviceOf(name: string): TestDevice
  deliver(message: string | Uint8Array, header?: DeepPartial<DeliverHeader>): Promise<void>
}

export const servedAccount = (
  { client, log, directory }: Pick<Harness, 'client' | 'log' | 'directory'>,
  account: string,
): Served => {
  directory.set({ tenant: TENANT, account, address: `${account}@ox.io` })
  const deviceOf = (name: string) => new TestDevice(client, { account, name })
  return {
    ...{ client, log, deviceOf },
    device: deviceOf('d1'),
    who: { tenant: TENANT, account },
    as: { identity: asOwner(account) },
    deliver: async (message, header) => {
      const [result] = await deliver(client, message, { header, to: [account] })
      if (result!.position === 0) throw new Error(result!.reason)
    },
  }
}

/** Declares tests for mail called in process, and the same over gRPC on a free loopback port. `open` gives each its account. */
export const onBothTransports = (name: string, tests: (open: () => Served) => void) => {
  for (const transport of ['in process', 'over gRPC'] as const)
    describe(`${name}, ${transport}`, () => {
      const closing: (() => void | Promise<void>)[] = []
      let harness: Harness | undefined
      let accounts = 0
      before(async () => {
        const scope: TestScope = { after: (close) => closing.push(close) }
        harness = transport === 'in process' ? await startMail(scope) : await startOverGrpc(scope)
      })
      after(async () => {
        for (const close of closing) await close()
      })
      tests(() => servedAccount(harness!, `u_${++accounts}`))
    })
}

const startOverGrpc = async (scope: TestScope): Promise<Harness> => {
  // Hooks run in the order they were given: the server goes before what it serves.
  let close = async () => {}
  scope.after(() => close())
  const harness = await startMail(scope)
  const server = createGrpcServer({
    services: [serve(MailDefinition, harness.mail.handlers)],
    authenticate: () => 'trusted',
  })
  const { port } = await server.listen('127.0.0.1', 0)
  const client = createGrpcClient(MailDefinition, `127.0.0.1:${port}`)
  close = async () => {
    client.close()
    await server.drain(1_000)
  }
  return { ...harness, client: client as Client }
}

/** Messages 0, 1, ..., a second apart, the last the newest. */
export const deliverMany = async ({ deliver }: Pick<Served, 'deliver'>, count: number) => {
  for (let n = 0; n < count; n++)
    await deliver(plain(`message ${n}`), { receivedAt: Date.now() - (count - n) * 1000 })
}
