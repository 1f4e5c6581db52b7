import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { COMMAND_NAMES } from '../http/protocol.ts'
import { type TagName, tagPlaces } from '../wbxml/code-pages.ts'
import type { Handling } from './handling.ts'
import { REQUEST_ELEMENTS } from './request-elements.ts'
import { requestsReference } from './requests-reference.ts'

const source = join(dirname(fileURLToPath(import.meta.url)), '..')

/** The service's own code, but for tables of tags. */
const codeOf = (folder: string): string =>
  readdirSync(folder, { withFileTypes: true })
    .map((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return ['pages', 'requests'].includes(entry.name) ? '' : codeOf(path)
      return /(?<!\.test)\.ts$/.test(entry.name) ? readFileSync(path, 'utf8') : ''
    })
    .join('\n')

const handled = (wanted: (handling: Handling) => boolean): readonly (readonly [string, TagName])[] =>
  [...REQUEST_ELEMENTS].flatMap(([command, elements]) =>
    (Object.entries(elements) as [TagName, Handling][])
      .filter(([, handling]) => wanted(handling))
      .map(([tag]) => [command, tag] as const),
  )

describe('the table of requests', () => {
  test('has commands of the protocol and tags of its code pages alone', () => {
    const names: ReadonlySet<string> = new Set(COMMAND_NAMES)
    for (const [command, elements] of REQUEST_ELEMENTS) {
      assert.ok(names.has(command), command)
      for (const tag of Object.keys(elements)) assert.ok(tagPlaces.has(tag as TagName), tag)
    }
  })
  test('calls read only what code reads', () => {
    const code = codeOf(source)
    const unread = handled((handling) => handling === 'read').filter(([, tag]) => !code.includes(`'${tag}'`))
    assert.deepEqual(
      unread.map(([command, tag]) => `${command} ${tag}`),
      [],
    )
  })
})

/** How code looks for an element. */
const LOOKS = '(?:child|childrenNamed|has|textChild|intChild|boolChild|requiredText|descendant)'

test('what every command that has it ignores, no code looks for: it would never find it', () => {
  const code = codeOf(source)
  const read = new Set(handled((handling) => handling !== 'ignored').map(([, tag]) => tag))
  const looked = handled((handling) => handling === 'ignored')
    .filter(([, tag]) => !read.has(tag))
    .filter(([, tag]) => new RegExp(`\\b${LOOKS}\\([^()\\n]*'${tag}'`).test(code))
  assert.deepEqual(
    looked.map(([command, tag]) => `${command} ${tag}`),
    [],
  )
})

describe('the page', () => {
  const page = requestsReference()
  test('has a row for every command, and every version', () => {
    assert.match(page, /^\| command \| 2\.5 \| 12\.0 \| 12\.1 \| 14\.0 \| 14\.1 \| 16\.0 \| 16\.1 \|$/m)
    for (const command of COMMAND_NAMES) assert.match(page, new RegExp(`^\\| ${command} \\|`, 'm'))
    assert.match(page, /^\| Find \| 501 \| 501 \| 501 \| 137 \| 137 \| 137 \| yes \|$/m)
    assert.match(page, /^\| GetAttachment \| yes \| yes \| yes \| 137 \| 137 \| 137 \| 137 \|$/m)
  })
  test('says of each element what becomes of it in each version', () => {
    assert.match(page, /^\| `airsync:HeartbeatInterval` \| – \| – \| – \| read \| read \| read \| read \|$/m)
    assert.match(page, /^\| `airsync:Truncation` \| read \| – \| – \| – \| – \| – \| – \|$/m)
    assert.match(page, /^\| `airsync:MaxItems` \| – \| – \| – \| refused: Status 4 \|/m)
  })
})

const listed = new URL('../../../../../shared/eas/command-elements.tsv', import.meta.url)

/** Spelled otherwise in the list, commands that come with their services, and elements that stand for others of theirs. */
const namesInList: Readonly<Record<string, string>> = { GALSearchCriterion: 'GalSearchCriterion' }
const notYet: ReadonlySet<string> = new Set(['Autodiscover', 'MeetingResponse'])

type Listed = { readonly command: string; readonly element: string }

const listedRequests = (): readonly Listed[] =>
  readFileSync(listed, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('\t'))
    .filter(([command, direction]) => direction === 'request' && !notYet.has(command ?? ''))
    .map(([command = '', , element = '']) => ({ command, element: element.split(':').pop() ?? '' }))

test('every element of a request that the specification lists is in the table (MS-ASCMD 2.2.1)', (context) => {
  if (!existsSync(listed)) return context.skip('../shared/eas/command-elements.tsv is not here')
  const missing = listedRequests().filter(({ command, element }) => {
    const name = namesInList[element] ?? element
    const tags = Object.keys(REQUEST_ELEMENTS.get(command) ?? {})
    return name !== command && !tags.some((tag) => tag.endsWith(`:${name}`))
  })
  assert.deepEqual(missing, [])
})
