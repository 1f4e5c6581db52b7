import type { ImportRequest, ImportResponse } from '@relais/proto/mail/v1/mail.ts'
import { Importing } from '../importing/importing.ts'
import { invalid } from './arguments.ts'
import type { HandlerCall, Handling } from './context.ts'

/**
 * Appends messages without sending. Their bytes stay as they came. A message that is refused (quota, size) is named in the answer and
 * doesn't stop the others; what can be tried again (a full disk) ends the call.
 */
export const importMessages =
  (handling: Handling) =>
  async (requests: AsyncIterable<ImportRequest>, call: HandlerCall): Promise<ImportResponse> => {
    const importing = new Importing(handling, call)
    try {
      for await (const { part } of requests) {
        if (part?.$case === 'header') await importing.begin(part.value)
        else if (part?.$case === 'chunk') await importing.chunk(part.value)
        else throw invalid('a part is a header or a chunk')
      }
      return await importing.end()
    } catch (error) {
      await importing.abort()
      throw error
    }
  }
