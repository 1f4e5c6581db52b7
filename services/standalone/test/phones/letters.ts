import assert from 'node:assert/strict'
import { ImportHeader, type ImportRequest } from '@relais/proto/mail/v1/mail.ts'
import type { SyncTalk } from './sync-talk.ts'
import { OPERATOR, type Person, type World } from './world.ts'

export type Letter = { readonly text: string; readonly ageMs?: number; readonly mailbox?: string }

export const letter = (subject: string, more: readonly string[] = [], body = 'Hello\r\n'): string =>
  [`From: a@else.example`, `Subject: ${subject}`, `Message-ID: <${subject}@x>`, ...more, '', body].join(
    '\r\n',
  )

async function* importOf(account: string, letters: readonly Letter[]): AsyncGenerator<ImportRequest> {
  for (const { text, ageMs = 0, mailbox = 'inbox' } of letters) {
    const header = ImportHeader.fromPartial({
      tenant: 'acme',
      account,
      mailbox,
      receivedAt: Date.now() - ageMs,
    })
    yield { part: { $case: 'header', value: header } }
    yield { part: { $case: 'chunk', value: Buffer.from(text, 'latin1') } }
  }
}

/** Messages that are put in as they are, and phones that are about to fetch them. */
export const lettersOf = (world: World, talk: SyncTalk) => {
  const put = async ({ account }: Person, ...letters: readonly Letter[]): Promise<void> => {
    const { imported } = await world.clients.mail.import(importOf(account, letters), { identity: OPERATOR })
    assert.equal(imported, letters.length)
  }

  /** A phone with a key of the inbox, that has none of these messages yet. */
  const withLetters = async (letters: readonly Letter[], version?: '14.1' | '16.1') => {
    const person = await world.person()
    const client = await talk.started(person, version)
    await put(person, ...letters)
    const { key } = await talk.sync(client, '0')
    return { person, client, key }
  }

  return { put, withLetters }
}
