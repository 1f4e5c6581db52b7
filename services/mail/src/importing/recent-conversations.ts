import { messageKey } from '../message/conversation.ts'
import type { Recent } from '../queries/threads.ts'

const MAX_REMEMBERED = 20_000

/** Conversations of messages just imported, whose rows may not be there yet. */
export class RecentConversations implements Recent {
  private readonly conversations = new Map<number, Uint8Array>()

  get(key: number): Uint8Array | undefined {
    return this.conversations.get(key)
  }

  add(messageId: string, conversation: Uint8Array) {
    const key = messageKey(messageId)
    if (key === null) return
    if (this.conversations.size >= MAX_REMEMBERED) {
      this.conversations.delete(this.conversations.keys().next().value!)
    }
    this.conversations.set(key, conversation)
  }
}
