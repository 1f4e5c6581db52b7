import { Account, SignInRequest } from '@relais/proto/directory/v1/directory.ts'
import { DeliverRequest } from '@relais/proto/mail/v1/mail.ts'
import { BackupResponse } from '@relais/proto/standalone/v1/installation.ts'
import type { Implementation, ServiceDefinition } from '@relais/service-kit'

/** A service with one method of each shape, of messages that have bytes, maps, lists, choices and nested messages. */
export const ParcelDefinition = {
  name: 'Parcel',
  fullName: 'relais.test.v1.Parcel',
  methods: {
    ask: {
      name: 'Ask',
      requestType: SignInRequest as typeof SignInRequest,
      requestStream: false,
      responseType: Account as typeof Account,
      responseStream: false,
      options: {},
    },
    echo: {
      name: 'Echo',
      requestType: Account as typeof Account,
      requestStream: false,
      responseType: Account as typeof Account,
      responseStream: false,
      options: {},
    },
    gather: {
      name: 'Gather',
      requestType: DeliverRequest as typeof DeliverRequest,
      requestStream: true,
      responseType: Account as typeof Account,
      responseStream: false,
      options: {},
    },
    scatter: {
      name: 'Scatter',
      requestType: SignInRequest as typeof SignInRequest,
      requestStream: false,
      responseType: BackupResponse as typeof BackupResponse,
      responseStream: true,
      options: {},
    },
    converse: {
      name: 'Converse',
      requestType: DeliverRequest as typeof DeliverRequest,
      requestStream: true,
      responseType: BackupResponse as typeof BackupResponse,
      responseStream: true,
      options: {},
    },
  },
} as const satisfies ServiceDefinition

export type Parcel = Implementation<typeof ParcelDefinition>

const unexpected = () => {
  throw new Error('this test calls another method')
}

/** An implementation of the methods that a test needs. */
export const parcel = (methods: Partial<Parcel>): Parcel => ({
  ask: unexpected,
  echo: unexpected,
  gather: unexpected,
  scatter: unexpected,
  converse: unexpected,
  ...methods,
})

export const bytes = (...values: number[]) => Uint8Array.from(values)

export const chunk = (...values: number[]) => ({ part: { $case: 'chunk' as const, value: bytes(...values) } })

/** The bytes of a message's chunk; none for other parts. */
export const chunkOf = (message: { part?: { $case: string; value: unknown } | undefined }): number[] =>
  message.part?.value instanceof Uint8Array ? [...message.part.value] : []

/** A promise with its keys: tests hold calls open with it. */
export const latch = <T = void>() => Promise.withResolvers<T>()
