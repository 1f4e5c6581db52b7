import { join } from 'node:path'
import { UsageError } from '../usage-error.ts'

/** The list of a backup's files, written last: without it a backup isn't whole. */
export const LIST = 'backup.json'

/** A file of a backup below a folder; what would leave the folder is refused. */
export const fileBelow = (folder: string, path: string): string => {
  const names = path.split('/')
  if (names.some((name) => name === '' || name === '.' || name === '..' || /[\\\0:]/.test(name)))
    throw new UsageError(`the backup has a file with a name that can't be: ${JSON.stringify(path)}`)
  return join(folder, ...names)
}
