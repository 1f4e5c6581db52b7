import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { DirectoryClient, SignInRequest } from '@relais/proto/directory/v1/directory.ts'
import { type CallExtras, isCoded, retryable, terminal } from '@relais/service-kit'
import { createFakeClock } from '@relais/testing'
import { RememberedCredentials } from './remembered-credentials.ts'
import { SignIn } from './sign-in.ts'

type Answer = (request: SignInRequest) => unknown

const basic = (user: string, password: string, encoding: BufferEncoding = 'utf8') =>
  `Basic ${Buffer.from(`${user}:${password}`, encoding).toString('base64')}`

const MIKE = basic('mike', 'secret')

const account = (change: object = {}) => ({
  account: {
    tenant: 'acme',
    account: 'u1',
    address: 'mike@example.org',
    aliases: ['m@x'],
    displayName: 'Mike',
    locale: 'de',
    timeZone: 'UTC',
    epoch: 3,
  },
  appPassword: '',
  expiresAt: 0,
  ...change,
})

const setUp = (answer: Answer = () => account()) => {
  const asked: SignInRequest[] = []
  const identities: unknown[] = []
  const directory = {
    signIn: async (request: SignInRequest, extras: CallExtras) => {
      asked.push(request)
      identities.push(extras.identity)
      return answer(request)
    },
  } as unknown as DirectoryClient<CallExtras>
  const clock = createFakeClock()
  const remembered = new RememberedCredentials({ clock: clock.now })
  const signIn = new SignIn({ directory, remembered })
  signIn.following(true)
  const authenticate = (header: string | undefined = MIKE) => signIn.authenticate(header, () => '192.0.2.1')
  return { asked, identities, clock, remembered, signIn, authenticate }
}

const codeOf = async (promise: Promise<unknown>) => {
  try {
    await promise
    return ''
  } catch (error) {
    assert.ok(isCoded(error), String(error))
    return error.code
  }
}

describe('signing in', () => {
  test('answers who it is, as the directory says', async () => {
    const { authenticate } = setUp()
    assert.deepEqual(await authenticate(), {
      tenant: 'acme',
      account: 'u1',
      address: 'mike@example.org',
      aliases: ['m@x'],
      displayName: 'Mike',
      locale: 'de',
      timeZone: 'UTC',
      epoch: 3,
      appPassword: '',
      expiresAt: Number.POSITIVE_INFINITY,
    })
  })
  test('asks with the scope of phones, the client’s address, and as this service', async () => {
    const { authenticate, asked, identities } = setUp()
    await authenticate(basic('acme\\mike', 'a:b'))
    assert.deepEqual(asked, [
      { login: 'acme\\mike', domain: '', password: 'a:b', scope: 'eas', clientAddress: '192.0.2.1' },
    ])
    assert.deepEqual(identities, [
      { tenant: '', actor: { kind: 'service', id: 'device-sync', device: '' }, principal: '' },
    ])
  })
  test('says until when the credential is good', async () => {
    const { authenticate } = setUp(() => account({ expiresAt: 4_711, appPassword: 'p1' }))
    const { expiresAt, appPassword } = await authenticate()
    assert.deepEqual([expiresAt, appPassword], [4_711, 'p1'])
  })
  test('without a header, or with one that isn’t Basic, asks nobody', async () => {
    const { signIn, asked } = setUp()
    for (const header of [undefined, '', 'Bearer x', 'Basic', 'Digest username="x"'])
      assert.equal(await codeOf(signIn.authenticate(header, () => '')), 'BAD_CREDENTIALS')
    assert.equal(asked.length, 0)
  })
  test('an answer without an account is a refusal', async () => {
    const { authenticate } = setUp(() => ({ account: undefined, appPassword: '', expiresAt: 0 }))
    assert.equal(await codeOf(authenticate()), 'BAD_CREDENTIALS')
  })
})

describe('what is remembered', () => {
  test('isn’t asked again', async () => {
    const { authenticate, asked } = setUp()
    for (let n = 0; n < 10; n += 1) await authenticate()
    assert.equal(asked.length, 1)
  })
  test('doesn’t look up where the client is', async () => {
    const { signIn, authenticate } = setUp()
    await authenticate()
    await signIn.authenticate(MIKE, () => assert.fail('nobody is to be told'))
  })
  test('is by header: another spelling of the same credential is asked once more', async () => {
    const { authenticate, asked } = setUp()
    await authenticate(MIKE)
    await authenticate(MIKE.replace('Basic', 'basic'))
    assert.equal(asked.length, 2)
  })
  test('are successes alone', async () => {
    const { authenticate, asked } = setUp(() => {
      throw terminal('BAD_CREDENTIALS', 'no')
    })
    for (let n = 0; n < 3; n += 1) assert.equal(await codeOf(authenticate()), 'BAD_CREDENTIALS')
    assert.equal(asked.length, 3)
  })
  test('is nothing while changes aren’t followed', async () => {
    const { authenticate, asked, signIn, remembered } = setUp()
    await authenticate()
    signIn.following(false)
    assert.equal(remembered.size, 0)
    await authenticate()
    await authenticate()
    assert.equal(asked.length, 3)
    signIn.following(true)
    await authenticate()
    await authenticate()
    assert.equal(asked.length, 4)
  })
  test('isn’t an answer that was asked for before something was forgotten', async () => {
    let answer: (value: unknown) => void = () => undefined
    const { authenticate, asked, signIn } = setUp(() => new Promise((resolve) => (answer = resolve)))
    const first = authenticate()
    await new Promise(setImmediate)
    signIn.forget()
    answer(account())
    await first
    const second = authenticate()
    await new Promise(setImmediate)
    answer(account())
    await second
    assert.equal(asked.length, 2)
  })
})

describe('several requests at once', () => {
  test('with the same header make one check', async () => {
    const { authenticate, asked } = setUp()
    await Promise.all(Array.from({ length: 20 }, () => authenticate()))
    assert.equal(asked.length, 1)
  })
  test('are all refused together', async () => {
    const { authenticate, asked } = setUp(() => {
      throw retryable('SIGN_IN_SLOWED', 'slow')
    })
    const codes = await Promise.all(Array.from({ length: 5 }, () => codeOf(authenticate())))
    assert.deepEqual([...new Set(codes)], ['SIGN_IN_SLOWED'])
    assert.equal(asked.length, 1)
    await codeOf(authenticate())
    assert.equal(asked.length, 2)
  })
  test('one that comes after something was forgotten doesn’t take the answer of one before', async () => {
    const answers: ((value: unknown) => void)[] = []
    const { authenticate, asked, signIn } = setUp(() => new Promise((resolve) => answers.push(resolve)))
    const before = authenticate()
    await new Promise(setImmediate)
    signIn.forget()
    const after = authenticate()
    await new Promise(setImmediate)
    assert.equal(asked.length, 2)
    for (const answer of answers) answer(account())
    await Promise.all([before, after])
  })
})

describe('a header that isn’t ASCII', () => {
  test('is tried as UTF-8, then as Latin-1', async () => {
    const { authenticate, asked } = setUp(({ password }) => {
      if (password !== 'grÃ¼n') throw terminal('BAD_CREDENTIALS', 'no')
      return account()
    })
    await authenticate(basic('mike', 'grün'))
    assert.deepEqual(
      asked.map(({ password }) => password),
      ['grün', 'grÃ¼n'],
    )
  })
  test('is refused for the last reason, unless one is graver', async () => {
    const wrong = setUp(() => {
      throw terminal('BAD_CREDENTIALS', 'no')
    })
    assert.equal(await codeOf(wrong.authenticate(basic('mike', 'grün'))), 'BAD_CREDENTIALS')
    const slowed = setUp(() => {
      throw retryable('SIGN_IN_SLOWED', 'slow')
    })
    assert.equal(await codeOf(slowed.authenticate(basic('mike', 'grün'))), 'SIGN_IN_SLOWED')
    assert.equal(slowed.asked.length, 1)
  })
  test('that can only be Latin-1 is tried once', async () => {
    const { authenticate, asked } = setUp()
    await authenticate(basic('mike', 'grün', 'latin1'))
    assert.deepEqual(
      asked.map(({ password }) => password),
      ['grün'],
    )
  })
})
