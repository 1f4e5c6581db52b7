import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type NewerRequest, newerRequestsBy } from './newer-requests.ts'

/** What one process tells is heard by whoever listens, as texts. */
const channel = () => {
  const listeners = new Set<(text: string) => void>()
  const texts: string[] = []
  const announcements = {
    tell: (text: string) => {
      texts.push(text)
      for (const listener of listeners) listener(text)
    },
    hear: (listener: (text: string) => void) => {
      listeners.add(listener)
      return { close: () => void listeners.delete(listener) }
    },
    close: async () => {},
  }
  return { announcements, texts, requests: newerRequestsBy(announcements) }
}

const heardBy = ({ requests }: ReturnType<typeof channel>) => {
  const heard: NewerRequest[] = []
  const hearing = requests.hear((request) => heard.push(request))
  return { heard, hearing }
}

test('a request is told with its device and its time', () => {
  const one = channel()
  const { heard } = heardBy(one)
  one.requests.tell({ key: 'acme/anna/phone', at: 1_764_000_000_000 })
  assert.deepEqual(heard, [{ key: 'acme/anna/phone', at: 1_764_000_000_000 }])
})

test('whatever characters a DeviceId may have, the text is one line and comes back as it was', () => {
  const character = fc.constantFrom(...'AZaz09._:{}()@+=~-')
  fc.assert(
    fc.property(
      fc.string({ unit: character, minLength: 1, maxLength: 64 }),
      fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      (device, at) => {
        const one = channel()
        const { heard } = heardBy(one)
        one.requests.tell({ key: `acme/anna/${device}`, at })
        assert.deepEqual(heard, [{ key: `acme/anna/${device}`, at }])
        assert.doesNotMatch(one.texts[0] ?? '', /[\r\n]/)
      },
    ),
  )
})

test('what another version says, or nobody ever said, is passed over', () => {
  const one = channel()
  const { heard } = heardBy(one)
  const odd = [
    '',
    '5',
    '5 ',
    ' acme/anna/phone',
    '-5 a/b/c',
    '1e3 a/b/c',
    '5 a/b/c d',
    `5 ${'x'.repeat(601)}`,
  ]
  for (const text of [...odd, `${'9'.repeat(17)} a/b/c`]) one.announcements.tell(text)
  assert.deepEqual(heard, [])
})

test('any text is heard as a request or not at all, and never throws', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const one = channel()
      const { heard } = heardBy(one)
      one.announcements.tell(text)
      for (const { key, at } of heard) assert.ok(key.length > 0 && at >= 0)
    }),
  )
})

test('who closes hears no more', () => {
  const one = channel()
  const { heard, hearing } = heardBy(one)
  hearing.close()
  one.requests.tell({ key: 'acme/anna/phone', at: 1 })
  assert.deepEqual(heard, [])
})
