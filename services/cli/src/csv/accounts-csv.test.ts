import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { UsageError } from '../usage-error.ts'
import { readAccountsCsv } from './accounts-csv.ts'

const read = async (...chunks: (string | Buffer)[]) => Array.fromAsync(readAccountsCsv(Readable.from(chunks)))

const refusal = async (text: string): Promise<string> => {
  try {
    await read(text)
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error))
    return error.message
  }
  return assert.fail('it was taken')
}

test('each line with an address is an account', async () => {
  const [first, second] = await read(
    'address,password,name,quota\nanna@b.example,secret,Anna,1000\nben@b.example,,,\n',
  )
  assert.equal(first?.address, 'anna@b.example')
  assert.equal(first?.displayName, 'Anna')
  assert.equal(first?.quotaBytes, 1000)
  assert.equal(second?.password, '')
  assert.equal(second?.quotaBytes, 0)
})

test('a line may name the files of a picture and a certificate', async () => {
  const [first, second] = await read(
    'address,picture,certificate\na@b.example,p/a.jpg,a.pem\nb@b.example,,\n',
  )
  assert.deepEqual([first?.picture, first?.certificate], ['p/a.jpg', 'a.pem'])
  assert.deepEqual([second?.picture, second?.certificate], ['', ''])
})

test('columns may come in any order, with semicolons, quotes, a byte order mark and CRLF', async () => {
  const [account] = await read('\ufeffName;Address;Time Zone\r\n"Müller; ""M""";m@b.example;Europe/Paris\r\n')
  assert.equal(account?.displayName, 'Müller; "M"')
  assert.equal(account?.timeZone, 'Europe/Paris')
})

test('a column may hold several aliases', async () => {
  const [account] = await read('address,aliases\na@b.example,x@b.example  y@b.example\n')
  assert.deepEqual(account?.aliases, ['x@b.example', 'y@b.example'])
})

test('a character cut by two chunks is one character', async () => {
  const bytes = Buffer.from('address,name\na@b.example,Zoë\n')
  const cut = bytes.indexOf(0xc3) + 1
  const [account] = await read(bytes.subarray(0, cut), bytes.subarray(cut))
  assert.equal(account?.displayName, 'Zoë')
})

test('a file without an address column, with an unknown one, or with a bad line is refused in one line', async () => {
  assert.match(await refusal('mail\nx\n'), /column "address"/)
  assert.match(await refusal('address,pasword\na@b.example,x\n'), /unknown column pasword/)
  assert.match(await refusal('address,quota\na@b.example,lots\n'), /line 2: the quota lots/)
  assert.match(await refusal('address,name\n,Nobody\n'), /line 2: the address is missing/)
  assert.match(await refusal('address,name\n"unclosed\n'), /can't be read/)
  assert.match(await refusal(`address\n${'x'.repeat(70_000)}\n`), /can't be read/)
})

test('tens of thousands of lines come one after the other', async () => {
  const lines = Array.from({ length: 30_000 }, (_, i) => `u${i}@b.example\n`)
  assert.equal((await read('address\n', ...lines)).length, 30_000)
})
