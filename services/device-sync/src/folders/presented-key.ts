import type { CommandContext } from '../commands/command.ts'
import { StatusError } from '../commands/status-error.ts'
import { type HierarchyKey, parseHierarchyKey } from './hierarchy-key.ts'

const BAD_KEY = 9

/** Status 9: the phone starts again with FolderSync and key 0. */
export const badKey = (reason: string) => new StatusError(BAD_KEY, reason)

/** The folder key of FolderSync, FolderCreate, FolderUpdate and FolderDelete: one series for all four. */
export const presentedKey = ({ user }: Pick<CommandContext, 'user'>, text: string): HierarchyKey => {
  const key = parseHierarchyKey(text)
  if (!key || key.epoch !== user.epoch) throw badKey('no folder key of this log')
  return key
}
