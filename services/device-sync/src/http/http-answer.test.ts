import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { describe, test } from 'node:test'
import { acceptsGzip } from './http-answer.ts'

const asking = (acceptEncoding?: string) =>
  ({ headers: { 'accept-encoding': acceptEncoding } }) as IncomingMessage

describe('RFC 9110 §12.5.3: gzip is accepted', () => {
  for (const header of [
    'gzip',
    'gzip, deflate',
    'deflate, gzip;q=0.5',
    'GZIP',
    'x-gzip',
    '*',
    'br;q=1, gzip ; q=0.1',
  ])
    test(`with "${header}"`, () => assert.ok(acceptsGzip(asking(header))))
})

describe('RFC 9110 §12.5.3: gzip is not accepted', () => {
  for (const header of [undefined, '', 'identity', 'deflate', 'gzip;q=0', 'gzip; q=0.0', 'gzipped', '*;q=0'])
    test(`with ${header}`, () => assert.ok(!acceptsGzip(asking(header))))
})
