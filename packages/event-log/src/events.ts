import type { Event } from '@relais/proto/common/v1/log.ts'
import { terminal } from '@relais/service-kit/errors.ts'

/** How a payload becomes bytes: what ts-proto makes of a message. */
export type Codec<Payload> = {
  encode(payload: Payload): { finish(): Uint8Array }
  decode(bytes: Uint8Array): Payload
}

/** Brings a payload from one version to the next. Pure. Messages only gain fields, so today's codec reads every version. */
export type Upcaster<Payload> = (payload: Payload) => Payload

export type EventDefinition<Payload> = {
  /** Version of the meaning that is written today, from 1. */
  readonly version: number
  readonly codec: Codec<Payload>
  /** For every version before today's: the step to the one after it. */
  readonly upcast?: { readonly [version: number]: Upcaster<Payload> }
}

/** One of the events of a registry, told apart by `type`. */
export type DecodedEvent<Payloads> = {
  [Type in keyof Payloads & string]: { readonly type: Type; readonly payload: Payloads[Type] }
}[keyof Payloads & string]

/** An event that this program is too old to understand: its type isn't defined, or its version is newer. */
export type UnknownEvent = { readonly type: 'unknown'; readonly event: Event }

export type EventRegistry<Payloads> = {
  /** An event of today's version. */
  encode<Type extends keyof Payloads & string>(type: Type, payload: Payloads[Type]): Event
  /** The payload in today's meaning, whatever version was written. Errors: EVENT_DAMAGED (terminal). */
  decode(event: Event): DecodedEvent<Payloads> | UnknownEvent
}

/** The events of a registry: `type MailEvent = EventOf<typeof mailEvents>`. */
export type EventOf<Registry> =
  Registry extends EventRegistry<infer Payloads> ? DecodedEvent<Payloads> : never

type Definitions<Payloads> = { readonly [Type in keyof Payloads]: EventDefinition<Payloads[Type]> }

/**
 * The events of a service by type, e.g. `defineEvents({ MessageDelivered: { version: 1, codec: MessageDelivered } })`.
 * Throws where a version before today's has no upcaster, so that it shows when the module is loaded.
 */
export const defineEvents = <Payloads>(definitions: Definitions<Payloads>): EventRegistry<Payloads> => {
  const known = new Map<string, EventDefinition<unknown>>(Object.entries(definitions))
  for (const [type, definition] of known) requireUpcasters(type, definition)
  return {
    encode: (type, payload) => {
      const { version, codec } = definitions[type]
      return { type, version, payload: codec.encode(payload).finish() }
    },
    decode: (event) => {
      const definition = known.get(event.type)
      if (!definition || event.version > definition.version) return { type: 'unknown', event }
      // The map lost which payload belongs to which type; `known` was made of `definitions`, so they do belong together.
      return { type: event.type, payload: decodePayload(definition, event) } as DecodedEvent<Payloads>
    },
  }
}

const requireUpcasters = (type: string, { version, upcast }: EventDefinition<unknown>) => {
  if (type === 'unknown') throw new Error('"unknown" is not a name for an event')
  for (let from = 1; from < version; from++) {
    if (!upcast?.[from]) throw new Error(`${type} has no upcaster from version ${from}`)
  }
}

const decodePayload = <Payload>(
  { version, codec, upcast }: EventDefinition<Payload>,
  event: Event,
): Payload => {
  let payload = decodeBytes(codec, event)
  for (let from = event.version; from < version; from++) payload = upcast![from]!(payload)
  return payload
}

const decodeBytes = <Payload>(codec: Codec<Payload>, { type, version, payload }: Event): Payload => {
  if (version < 1) throw terminal('EVENT_DAMAGED', `an event ${type} has no version`)
  try {
    return codec.decode(payload)
  } catch (cause) {
    throw terminal('EVENT_DAMAGED', `an event ${type} of version ${version} can't be decoded`, { cause })
  }
}
