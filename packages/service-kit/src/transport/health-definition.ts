import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire'

/**
 * The gRPC health service, grpc.health.v1.Health (https://github.com/grpc/grpc/blob/master/doc/health-checking.md), as grpc-js wants a service described.
 * Written out here: what reads .proto files when a process starts takes 7 MiB of its memory for as long as it runs.
 */

const STATES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const

export type HealthRequest = { readonly service: string }
export type HealthResponse = { readonly status: (typeof STATES)[number] }
export type HealthList = { readonly statuses: Readonly<Record<string, HealthResponse>> }

/** Every field that these messages have is of bytes or a number. */
type Field = { readonly number: number; readonly reader: BinaryReader }

const LENGTH_DELIMITED = 2
const VARINT = 0

const tag = (field: number, wireType: number) => (field << 3) | wireType

/** Fields that aren't known are passed over, as in every protobuf. */
const readFields = (bytes: Uint8Array, read: (field: Field) => boolean): void => {
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const number = reader.uint32()
    if (!read({ number, reader })) reader.skip(number & 7)
  }
}

const textIn = (bytes: Uint8Array): string => {
  let text = ''
  readFields(bytes, ({ number, reader }) => {
    if (number !== tag(1, LENGTH_DELIMITED)) return false
    text = reader.string()
    return true
  })
  return text
}

const bytesOf = (writer: BinaryWriter): Buffer => Buffer.from(writer.finish())

const encodeRequest = ({ service }: HealthRequest): Buffer =>
  bytesOf(service === '' ? new BinaryWriter() : new BinaryWriter().tag(1, LENGTH_DELIMITED).string(service))

const decodeRequest = (bytes: Uint8Array): HealthRequest => ({ service: textIn(bytes) })

const encodeResponse = ({ status }: HealthResponse): Buffer => {
  const number = STATES.indexOf(status)
  return bytesOf(number === 0 ? new BinaryWriter() : new BinaryWriter().tag(1, VARINT).int32(number))
}

const decodeResponse = (bytes: Uint8Array): HealthResponse => {
  let status: HealthResponse['status'] = 'UNKNOWN'
  readFields(bytes, ({ number, reader }) => {
    if (number !== tag(1, VARINT)) return false
    status = STATES[reader.int32()] ?? 'UNKNOWN'
    return true
  })
  return { status }
}

/** An entry of the map: name and state. */
const encodeEntry = (name: string, state: HealthResponse): Uint8Array =>
  new BinaryWriter()
    .tag(1, LENGTH_DELIMITED)
    .string(name)
    .tag(2, LENGTH_DELIMITED)
    .bytes(encodeResponse(state))
    .finish()

const decodeEntry = (bytes: Uint8Array): readonly [string, HealthResponse] => {
  let state: HealthResponse = { status: 'UNKNOWN' }
  readFields(bytes, ({ number, reader }) => {
    if (number !== tag(2, LENGTH_DELIMITED)) return false
    state = decodeResponse(reader.bytes())
    return true
  })
  return [textIn(bytes), state]
}

const encodeList = ({ statuses }: HealthList): Buffer => {
  const writer = new BinaryWriter()
  for (const [name, state] of Object.entries(statuses))
    writer.tag(1, LENGTH_DELIMITED).bytes(encodeEntry(name, state))
  return bytesOf(writer)
}

const decodeList = (bytes: Uint8Array): HealthList => {
  const statuses = new Map<string, HealthResponse>()
  readFields(bytes, ({ number, reader }) => {
    if (number !== tag(1, LENGTH_DELIMITED)) return false
    statuses.set(...decodeEntry(reader.bytes()))
    return true
  })
  return { statuses: Object.fromEntries(statuses) }
}

const one = {
  requestStream: false,
  requestSerialize: encodeRequest,
  requestDeserialize: decodeRequest,
  responseSerialize: encodeResponse,
  responseDeserialize: decodeResponse,
} as const

/** Its calls: Check (one state), Watch (a state, and each change of it), List (all states; its request is empty). */
export const HealthDefinition = {
  Check: { ...one, path: '/grpc.health.v1.Health/Check', responseStream: false },
  List: {
    ...one,
    path: '/grpc.health.v1.Health/List',
    responseStream: false,
    requestSerialize: () => Buffer.alloc(0),
    requestDeserialize: () => ({}),
    responseSerialize: encodeList,
    responseDeserialize: decodeList,
  },
  Watch: { ...one, path: '/grpc.health.v1.Health/Watch', responseStream: true },
} as const
