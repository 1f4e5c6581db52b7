import type { CategoriesChange, FlagChange } from '@relais/proto/mail/v1/mail.ts'
import { ValueError } from '../wbxml/errors.ts'
import type { WbxmlNode } from '../wbxml/node.ts'
import { boolOf, childrenNamed, childrenOf, textOf } from '../wbxml/read.ts'
import { readFlag } from './email-flag.ts'

/** What a client may change about a message that it got: each is absent where its Change doesn't name it. */
export type EmailChange = {
  readonly seen?: boolean
  readonly flag?: FlagChange
  readonly categories?: CategoriesChange
}

const MAX_CATEGORIES = 300

const readCategories = (node: WbxmlNode): CategoriesChange => {
  const categories = childrenNamed(node, 'email:Category').map((category) => textOf(category, 255))
  if (categories.length > MAX_CATEGORIES) throw new ValueError(node.tag, `has more than ${MAX_CATEGORIES}`)
  return { categories: [...new Set(categories.filter((category) => category !== ''))] }
}

const readers: Readonly<Record<string, (node: WbxmlNode) => EmailChange>> = {
  'email:Read': (node) => ({ seen: boolOf(node) }),
  'email:Flag': (node) => ({ flag: { flag: readFlag(node) } }),
  'email:Categories': (node) => ({ categories: readCategories(node) }),
}

/** Whether a client may change it about any message. */
export const isEmailChange = ({ tag }: WbxmlNode): boolean => tag in readers

const readOne = (node: WbxmlNode): EmailChange => {
  const read = readers[node.tag]
  if (!read) throw new ValueError(node.tag, "can't be changed")
  return read(node)
}

/** Reads ApplicationData of a Change. Errors: INVALID_VALUE, also for everything that a client can't change (item Status 6). */
export const readEmailChange = (applicationData: WbxmlNode): EmailChange =>
  Object.assign({}, ...childrenOf(applicationData).map(readOne))
