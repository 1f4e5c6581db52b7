import {
  type DeviceSyncClient,
  DeviceSyncDefinition,
  type DeviceSyncServiceImplementation,
  type ListDevicesResponse,
} from '@relais/proto/device_sync/v1/device_sync.ts'
import { type Call, type CallExtras, onward } from '@relais/service-kit'
import { forward } from './forward.ts'
import { merged } from './merged.ts'

type Client = DeviceSyncClient<CallExtras>

export type DeviceSyncs = {
  /** Of whichever one: any of them knows every device. */
  readonly any: Client
  /** Of all that there are now. */
  readonly each: () => Promise<readonly [Client, ...Client[]]>
}

/** Several device-syncs as one: each knows only whether a phone waits at itself, and which it refuses. */
export const deviceSyncs = ({ any, each }: DeviceSyncs): DeviceSyncServiceImplementation<Call> => ({
  ...forward(DeviceSyncDefinition, any),
  blockDevice: (request, context) =>
    firstThatCan(each, (client) => client.blockDevice(request, onward(context))),
  removeDevice: (request, context) =>
    firstThatCan(each, (client) => client.removeDevice(request, onward(context))),
  wipeDevice: (request, context) =>
    firstThatCan(each, (client) => client.wipeDevice(request, onward(context))),
  getRecoveryPassword: (request, context) =>
    firstThatCan(each, (client) => client.getRecoveryPassword(request, onward(context))),
  cancelWipe: (request, context) =>
    firstThatCan(each, (client) => client.cancelWipe(request, onward(context))),
  releaseDevice: async (request, context) => {
    const told = await Promise.allSettled(
      (await each()).map((client) => client.releaseDevice(request, onward(context))),
    )
    const answers = told.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    if (answers.length === 0) throw (told[0] as PromiseRejectedResult).reason
    return { released: answers.some(({ released }) => released) }
  },
  async *traceDevice(request, context) {
    const clients = await each()
    yield* merged(clients.map((client) => client.traceDevice(request, onward(context))))
  },
  listDevices: async (request, context) => {
    const told = await Promise.allSettled(
      (await each()).map((client) => client.listDevices(request, onward(context))),
    )
    const lists = told.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    if (lists.length === 0) throw (told[0] as PromiseRejectedResult).reason
    return together(lists)
  },
})

/** One that can't be reached or drains is passed over. Errors: the last one's. */
const firstThatCan = async <T>(
  each: DeviceSyncs['each'],
  call: (client: Client) => Promise<T>,
): Promise<T> => {
  let failure: unknown
  for (const client of await each()) {
    try {
      return await call(client)
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'UNAVAILABLE') throw error
      failure = error
    }
  }
  throw failure
}

const together = (lists: readonly ListDevicesResponse[]): ListDevicesResponse => {
  const waiting = new Set(lists.flatMap(({ devices }) => devices.filter(({ held }) => held).map(nameOf)))
  const [first] = lists
  return {
    devices: (first?.devices ?? []).map((one) => ({ ...one, held: waiting.has(nameOf(one)) })),
    nextPageToken: first?.nextPageToken ?? '',
  }
}

const nameOf = ({ account, device }: ListDevicesResponse['devices'][number]) => `${account}/${device}`
