import type {
  CallContext,
  CallOptions,
  Client,
  ServiceImplementation,
  TsProtoServiceDefinition,
} from 'nice-grpc'
import type { Call, CallExtras } from '../call.ts'

/** A service as ts-proto generates it: `DirectoryDefinition`, `MailDefinition`, … */
export type ServiceDefinition = TsProtoServiceDefinition

/** What a service implements; the same type as ts-proto's `XServiceImplementation<Call>`. */
export type Implementation<Definition extends ServiceDefinition> = ServiceImplementation<Definition, Call>

/** What callers use; the same type as ts-proto's `XClient<CallExtras>`. */
export type ServiceClient<Definition extends ServiceDefinition> = Client<Definition, CallExtras>

/** What a handler finds in its context. */
export type Context = CallContext & Call

/** What a caller may say. */
export type Options = CallOptions & CallExtras

export type MessageType = {
  encode(message: unknown): { finish(): Uint8Array }
  decode(bytes: Uint8Array): unknown
  fromPartial(object: unknown): unknown
}

/** One method, without its types. */
export type Method = {
  /** `/package.Service/Method` */
  readonly path: string
  readonly requestType: MessageType
  readonly requestStream: boolean
  readonly responseType: MessageType
  readonly responseStream: boolean
}

/** A handler or a carrier, without its types: one message or many, either way. */
export type Exchange<Extra> = (input: unknown, extra: Extra) => Promise<unknown> | AsyncIterable<unknown>

/** A service, client or implementation without its types: one exchange per method. */
export type Exchanges<Extra> = { readonly [name: string]: Exchange<Extra> }

/** The methods of a service, by the names they have in TypeScript. */
const methodsOf = (definition: ServiceDefinition): ReadonlyArray<readonly [string, Method]> =>
  Object.entries(definition.methods).map(([name, method]) => [
    name,
    { ...method, path: `/${definition.fullName}/${method.name}` } as unknown as Method,
  ])

/** Makes something for every method. */
export const forEachMethod = <T>(
  definition: ServiceDefinition,
  make: (method: Method, name: string) => T,
): { readonly [name: string]: T } =>
  Object.fromEntries(methodsOf(definition).map(([name, method]) => [name, make(method, name)]))
