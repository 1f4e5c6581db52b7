import { createStructureParser } from '../mime/structure-parser.ts'
import type { MessageParser } from './parser.ts'

/** Parses on the calling thread. */
export const inlineParser: MessageParser = {
  start: () => {
    const parser = createStructureParser()
    return {
      write: async (chunk) => parser.write(chunk),
      end: async () => {
        const message = parser.end()
        return { message, searchText: Buffer.from(message.preview) }
      },
      abort: () => undefined,
    }
  },
  close: async () => undefined,
}
