import { Buffer } from 'node:buffer'
import { searchTextOf } from '../search-text.ts'
import { createStructureParser, type StructureParser } from '../structure-parser.ts'
import { KEPT_TEXT, type Parsed } from './protocol.ts'

export const startParser = (): StructureParser => createStructureParser({ keptText: KEPT_TEXT })

/** What a parser that has got all of its message gives. */
export const finishParser = async (parser: StructureParser): Promise<Parsed> => {
  const message = parser.end()
  const { body } = await searchTextOf({
    envelope: message.envelope,
    structure: message.structure,
    read: parser.readText,
  })
  return { message, searchText: Buffer.from(body) }
}
