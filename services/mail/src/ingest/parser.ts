import type { ParsedMessage } from '../mime/parsed-message.ts'

export type Parsed = {
  readonly message: ParsedMessage
  /** Encoded search text, stored as an artefact beside the blob. */
  readonly searchText: Uint8Array
}

/** One message on its way through the parser. */
export type ParseJob = {
  /** Takes the next bytes; resolves when the parser wants more. */
  write(chunk: Uint8Array): Promise<void> | undefined
  /** Never rejects for what the message is: a message that can't be read is a stub with its defect. */
  end(): Promise<Parsed>
  abort(): void
}

export interface MessageParser {
  start(): ParseJob
  close(): Promise<void>
}
