import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BannerFacts, banner } from './banner.ts'

const FACTS: BannerFacts = {
  dataFolder: './data',
  secure: false,
  hosts: ['127.0.0.1'],
  exposed: false,
  selfSigned: false,
  ports: { eas: 8080, admin: 8090, lmtp: 2424, smtp: 2525, submission: 2587 },
  demoAccounts: [],
}
const DEMO = [{ name: 'Anna', address: 'anna@demo.example', password: 'abcd-efgh-jkmn-pqrs' }]
const EXPOSED: BannerFacts = {
  ...FACTS,
  secure: true,
  exposed: true,
  selfSigned: true,
  hosts: ['192.0.2.7', '2001:db8::7'],
}

test('every URL and port is named', async () => {
  const text = await banner(FACTS)
  assert.match(text, /http:\/\/127\.0\.0\.1:8080\/Microsoft-Server-ActiveSync/)
  for (const port of Object.values(FACTS.ports)) assert.match(text, new RegExp(`:${port}\\b`))
})

test('passwords of the demo are shown at the start that made them, and only then', async () => {
  assert.match(await banner({ ...FACTS, demoAccounts: DEMO }), /anna@demo\.example +abcd-efgh-jkmn-pqrs/)
  assert.doesNotMatch(await banner(FACTS), /password/)
})

test('on loopback it says how to reach it from a phone instead of showing a code', async () => {
  const text = await banner(FACTS)
  assert.match(text, /npm start -- --expose/)
  assert.doesNotMatch(text, /iPhone|█/)
})

test('exposed it says what to type on iPhone, Android and Outlook, and draws a code', async () => {
  const text = await banner({ ...EXPOSED, demoAccounts: DEMO })
  assert.match(text, /iPhone[\s\S]*Server 192\.0\.2\.7:8080[\s\S]*Username anna@demo\.example/)
  assert.match(text, /Android[\s\S]*Port 8080/)
  assert.match(text, /Outlook[\s\S]*192\.0\.2\.7:8080/)
  assert.match(text, /█/)
  assert.match(text, /also by \[2001:db8::7\]:8080/)
})

test('a generated certificate is announced, a given one is not', async () => {
  assert.match(await banner(EXPOSED), /certificate was generated/)
  assert.doesNotMatch(await banner({ ...EXPOSED, selfSigned: false }), /certificate/)
})

test('told to listen on an address it says so, and whether in the clear', async () => {
  const host = '172.17.0.2'
  const text = await banner({ ...FACTS, host, hosts: [host] })
  assert.match(text, /It listens on 172\.17\.0\.2, in the clear: put TLS before it\./)
  assert.match(text, /LMTP 172\.17\.0\.2:2424/)
  assert.match(await banner({ ...FACTS, host, secure: true }), /It listens on 172\.17\.0\.2, over TLS\./)
})
