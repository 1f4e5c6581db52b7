import { mkdir } from 'node:fs/promises'
import { storeFault } from './faults.ts'

/** Makes a folder that only this user can enter. Errors: STORE_UNAVAILABLE, STORE_FULL. */
export const makeFolder = async (folder: string): Promise<void> => {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw storeFault(error)
  }
}
