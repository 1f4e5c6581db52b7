import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import { childrenNamed, childrenOf, descendant, textChild } from '@relais/device-sync/wbxml/read.ts'
import { numberOf, type Version } from './families.ts'
import { Violation } from './shown-folder.ts'

/** What a phone asks beside its Syncs. */
export const QUESTIONS = [
  ...(['estimate', 'search', 'find', 'fetch', 'reply', 'forward', 'settings', 'resolve', 'empty'] as const),
]
export type QuestionKind = (typeof QUESTIONS)[number]

/** The message and the folder that it is about. */
type About = {
  readonly folder: string
  readonly key: string
  readonly item: string
  readonly address: string
  /** A new one for each thing that is sent. */
  readonly clientId: string
}

type Question = {
  readonly command: string
  readonly body: WbxmlNode
  /** The version that has it first. */
  readonly since: number
  /** Where the answer says how it went, and what it may say; absent: no body is success. */
  readonly statuses: (root: WbxmlNode) => readonly (string | undefined)[]
  readonly expected: readonly string[]
}

const own = (root: WbxmlNode): readonly (string | undefined)[] => [
  textChild(root, `${root.tag.split(':')[0]}:Status` as WbxmlNode['tag']),
]

const operations = (root: WbxmlNode): readonly (string | undefined)[] =>
  childrenOf(descendant(root, 'itemoperations:Response') ?? root)
    .filter(({ tag }) => tag === 'itemoperations:Fetch' || tag === 'itemoperations:EmptyFolderContents')
    .map((one) => textChild(one, 'itemoperations:Status'))

const letter = (address: string) =>
  Buffer.from(
    `From: ${address}\r\nTo: nobody@else.example\r\nSubject: Re: it\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nYes.\r\n`,
  )

const smart = (kind: 'SmartReply' | 'SmartForward', about: About): Question => ({
  command: kind,
  since: 140,
  body: el(`composemail:${kind}`, [
    el('composemail:ClientId', about.clientId),
    el('composemail:Source', [
      el('composemail:FolderId', about.folder),
      el('composemail:ItemId', about.item),
    ]),
    el('composemail:Mime', letter(about.address)),
  ]),
  statuses: own,
  // 118: sent before. 150: what is replied to isn't there any more.
  expected: ['118', '150'],
})

const operation = (node: WbxmlNode, expected: readonly string[]): Question => ({
  command: 'ItemOperations',
  since: 120,
  body: el('itemoperations:ItemOperations', [node]),
  statuses: operations,
  expected,
})

const questionOf = (kind: QuestionKind, about: About): Question => {
  const { folder, key, item } = about
  switch (kind) {
    case 'estimate':
      return {
        ...{ command: 'GetItemEstimate', since: 140, expected: ['1'] },
        body: el('getitemestimate:GetItemEstimate', [
          el('getitemestimate:Collections', [
            el('getitemestimate:Collection', [
              el('airsync:SyncKey', key),
              el('getitemestimate:CollectionId', folder),
            ]),
          ]),
        ]),
        statuses: (root) =>
          childrenNamed(root, 'getitemestimate:Response').map((one) =>
            textChild(one, 'getitemestimate:Status'),
          ),
      }
    case 'search':
      return {
        ...{ command: 'Search', since: 120, expected: ['1'] },
        body: el('search:Search', [
          el('search:Store', [
            el('search:Name', 'Mailbox'),
            el('search:Query', [
              el('search:And', [
                el('airsync:Class', 'Email'),
                el('airsync:CollectionId', folder),
                el('search:FreeText', 'text'),
              ]),
            ]),
            el('search:Options', [el('search:Range', '0-9')]),
          ]),
        ]),
        statuses: (root) => [
          ...own(root),
          textChild(descendant(root, 'search:Response', 'search:Store'), 'search:Status'),
        ],
      }
    case 'find':
      return {
        ...{ command: 'Find', since: 161, expected: ['1'], statuses: own },
        body: el('find:Find', [
          el('find:SearchId', '7a1d3b1e-0f0a-4c58-8e3a-0d1f2c3b4a59'),
          el('find:ExecuteSearch', [
            el('find:MailBoxSearchCriterion', [
              el('find:Query', [el('airsync:Class', 'Email'), el('find:FreeText', 'text')]),
              el('find:Options', [el('find:Range', '0-9')]),
            ]),
          ]),
        ]),
      }
    case 'fetch':
      return operation(
        el('itemoperations:Fetch', [
          el('itemoperations:Store', 'Mailbox'),
          el('airsync:CollectionId', folder),
          el('airsync:ServerId', item),
        ]),
        ['1', '6'],
      )
    case 'empty':
      return operation(el('itemoperations:EmptyFolderContents', [el('airsync:CollectionId', 'trash')]), ['1'])
    case 'reply':
      return smart('SmartReply', about)
    case 'forward':
      return smart('SmartForward', about)
    case 'settings':
      return {
        ...{ command: 'Settings', since: 120, expected: ['1'], statuses: own },
        body: el('settings:Settings', [el('settings:UserInformation', [el('settings:Get')])]),
      }
    case 'resolve':
      return {
        ...{ command: 'ResolveRecipients', since: 140, expected: ['1'], statuses: own },
        body: el('resolverecipients:ResolveRecipients', [el('resolverecipients:To', about.address)]),
      }
  }
}

/** A question in the words of a version; undefined: it hasn't this one. */
export const question = (kind: QuestionKind, about: About, version: Version): Question | undefined => {
  const asked = questionOf(kind, about)
  return numberOf(version) < asked.since ? undefined : asked
}

/** A key that isn't good any more: a Sync with it is Status 3. */
const STALE_KEY = '4'

/** No body is the success of what sends something; all else says how it went. A collection that may start again may be told so by an estimate too. */
export const judge = (
  { command, statuses, expected }: Question,
  root: WbxmlNode | undefined,
  { mayStartAgain }: { readonly mayStartAgain: boolean },
): void => {
  if (root === undefined) {
    if (expected[0] === '118') return
    throw new Violation(`${command} was answered with nothing`)
  }
  const said = statuses(root)
  if (mayStartAgain && command === 'GetItemEstimate' && said.join() === STALE_KEY) return
  if (said.length === 0 || !said.every((status) => status !== undefined && expected.includes(status)))
    throw new Violation(`${command} was answered with Status ${said.join()}`)
}
