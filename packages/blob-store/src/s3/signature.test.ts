import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, test } from 'node:test'
import { AwsV4Signer } from 'aws4fetch'
import fc from 'fast-check'
import { Signer, type Unsigned } from './signature.ts'

const EMPTY = hash('sha256', '', 'hex')

const credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
}

/** The requests of Amazon's own examples: S3 API reference, "Signature Calculations for the Authorization Header". */
const EXAMPLE = { at: Date.UTC(2013, 4, 24), host: 'https://examplebucket.s3.amazonaws.com' }

const signatureOf = (headers: Readonly<Record<string, string>>): string =>
  headers.authorization?.split('Signature=')[1] ?? ''

const example = (given: { readonly method: string; readonly path: string } & Partial<Unsigned>) =>
  new Signer({ region: 'us-east-1', credentials }).sign({
    headers: {},
    sha256: EMPTY,
    at: EXAMPLE.at,
    ...given,
    url: new URL(given.path, EXAMPLE.host),
  })

describe('the signature of Amazon’s examples is Amazon’s', () => {
  test('GET of a part of an object', () => {
    const headers = example({ method: 'GET', path: '/test.txt', headers: { range: 'bytes=0-9' } })
    assert.equal(
      headers.authorization,
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    )
  })

  test('PUT of an object whose name has a $', () => {
    const headers = example({
      method: 'PUT',
      path: '/test$file.text',
      headers: { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
      sha256: hash('sha256', 'Welcome to Amazon S3.', 'hex'),
    })
    assert.equal(signatureOf(headers), '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd')
  })

  test('GET with a query without a value', () => {
    assert.equal(
      signatureOf(example({ method: 'GET', path: '/?lifecycle' })),
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    )
  })

  test('GET of a list', () => {
    assert.equal(
      signatureOf(example({ method: 'GET', path: '/?max-keys=2&prefix=J' })),
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    )
  })
})

const names = fc.constantFrom('content-type', 'x-amz-meta-stored', 'range', 'if-none-match')
const word = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/)
const key = fc.array(fc.stringMatching(/^[A-Za-z0-9._~$ü-]{1,12}$/), { minLength: 1, maxLength: 4 })
const requests = fc.record({
  method: fc.constantFrom('GET', 'HEAD', 'PUT', 'POST', 'DELETE'),
  path: key.map((parts) => `/bucket/${parts.filter((part) => !/^\.+$/.test(part)).join('/')}`),
  query: fc.dictionary(fc.stringMatching(/^[a-z-]{1,12}$/), fc.string({ maxLength: 12, unit: 'grapheme' })),
  headers: fc.dictionary(names, word),
  at: fc.integer({ min: 0, max: 4_102_444_800_000 }),
  sessionToken: fc.option(word, { nil: undefined }),
})

/** What another implementation says. */
const oracle = async (
  { method, url, headers, sha256, at }: Unsigned,
  signing: ConstructorParameters<typeof Signer>[0],
) => {
  const signer = new AwsV4Signer({
    ...{ method, url: url.href, region: signing.region, service: 's3', ...signing.credentials },
    headers: { ...headers, 'x-amz-content-sha256': sha256 },
    datetime: new Date(at).toISOString().replace(/[:-]|\.\d{3}/g, ''),
    allHeaders: true,
  })
  return (await signer.sign()).headers.get('authorization')
}

describe('any request', () => {
  test('is signed as another implementation signs it', async () => {
    await fc.assert(
      fc.asyncProperty(requests, async ({ path, query, sessionToken, ...rest }) => {
        const url = new URL(path, 'http://127.0.0.1:9000')
        for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
        const request = { ...rest, url, sha256: EMPTY }
        const signing = { region: 'eu-central-1', credentials: { ...credentials, sessionToken } }
        const ours = new Signer(signing).sign(request).authorization
        assert.equal(ours, await oracle(request, signing))
      }),
    )
  })

  test('of the next day is signed with that day’s key', async () => {
    const signing = { region: 'us-east-1', credentials }
    const signer = new Signer(signing)
    const url = new URL('http://s3.test/bucket/key')
    for (const day of [1, 2, 2, 1]) {
      const request = { method: 'GET', url, headers: {}, sha256: EMPTY, at: Date.UTC(2026, 0, day) }
      assert.equal(signer.sign(request).authorization, await oracle(request, signing))
    }
  })

  test('carries the session’s token, where there is one', () => {
    const signer = new Signer({ region: 'r', credentials: { ...credentials, sessionToken: 'token' } })
    const url = new URL('http://s3.test/bucket')
    const headers = signer.sign({ method: 'HEAD', url, headers: {}, sha256: EMPTY, at: 0 })
    assert.equal(headers['x-amz-security-token'], 'token')
    assert.match(headers.authorization ?? '', /;x-amz-security-token,/)
  })
})
