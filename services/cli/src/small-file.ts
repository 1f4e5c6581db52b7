import { readFile, stat } from 'node:fs/promises'
import { UsageError } from './usage-error.ts'

/** A picture or a certificate is far smaller; whether it is small enough is for the directory to say. */
const MAX_BYTES = 1024 * 1024

/** The bytes of a file. Errors: {@link UsageError} where it can't be read, or is no small file. */
export const readSmallFile = async (path: string): Promise<Buffer> => {
  try {
    const found = await stat(path)
    if (!found.isFile() || found.size > MAX_BYTES) throw new UsageError(`${path} is no file of up to 1 MiB`)
    return await readFile(path)
  } catch (cause) {
    if (cause instanceof UsageError) throw cause
    throw new UsageError(`${path} can't be read: ${(cause as Error).message}`, { cause })
  }
}
