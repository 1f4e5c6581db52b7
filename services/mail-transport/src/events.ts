import { defineEvents, type EventOf } from '@relais/event-log'
import {
  QueueErased,
  RecipientDeferred,
  RecipientDelivered,
  RecipientFailed,
  SubmissionQueued,
} from '@relais/proto/mail_transport/v1/events.ts'

/** Every event that this service has ever written. */
export const transportEvents = defineEvents({
  SubmissionQueued: { version: 1, codec: SubmissionQueued },
  RecipientDelivered: { version: 1, codec: RecipientDelivered },
  RecipientDeferred: { version: 1, codec: RecipientDeferred },
  RecipientFailed: { version: 1, codec: RecipientFailed },
  QueueErased: { version: 1, codec: QueueErased },
})

export type TransportEvent = EventOf<typeof transportEvents>
