import { COMMAND_NAMES, SUPPORTED_VERSIONS, versionsOf } from '../http/protocol.ts'
import type { EasVersion } from '../wbxml/code-page.ts'
import { knownIn, type TagName } from '../wbxml/code-pages.ts'
import type { Handling } from './handling.ts'
import { REQUEST_ELEMENTS } from './request-elements.ts'

const versions = [...SUPPORTED_VERSIONS.entries()]

const isIn = (command: string, version: EasVersion): boolean => {
  const { since, until } = versionsOf(command)
  return since <= version && version <= until
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

const commandRow = (command: string): string => {
  const cells = versions.map(([version]) => {
    if (!isIn(command, version)) return version < 140 ? '501' : '137'
    if (!REQUEST_ELEMENTS.has(command)) return '501'
    return 'yes'
  })
  return row([command, ...cells])
}

const words = (handling: Handling): string =>
  typeof handling === 'string' ? handling : `refused: ${handling.refused}`

const elementRow = (tag: TagName, handling: Handling): string =>
  row([`\`${tag}\``, ...versions.map(([version]) => (knownIn(tag, version) ? words(handling) : '–'))])

const header = (first: string): readonly string[] => [
  row([first, ...versions.map(([, name]) => name)]),
  row(['---', ...versions.map(() => '---')]),
]

const section = (command: string): readonly string[] => {
  const elements = Object.entries(REQUEST_ELEMENTS.get(command) ?? {}) as [TagName, Handling][]
  if (elements.length === 0) return []
  return [
    `## ${command}`,
    '',
    ...header('element'),
    ...elements.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([tag, handling]) => elementRow(tag, handling)),
    '',
  ]
}

/** Markdown: every command in every version, and what becomes of every element of its requests. */
export const requestsReference = (): string =>
  [...header('command'), ...COMMAND_NAMES.map(commandRow), '', ...COMMAND_NAMES.flatMap(section)].join('\n')
