// What k6's language lacks of ES2024 and of Node, so that the product's codec runs in it.
import { Buffer } from './buffer.ts'

const LONE_SURROGATES = /[\ud800-\udbff](?![\udc00-\udfff])|(^|[^\ud800-\udbff])[\udc00-\udfff]/

const given = globalThis as unknown as Record<string, unknown>
given.Buffer ??= Buffer

const text = String.prototype as unknown as Record<string, unknown>
text.isWellFormed ??= function (this: string) {
  return !LONE_SURROGATES.test(this)
}
text.toWellFormed ??= function (this: string) {
  return Buffer.from(this, 'utf8').toString('utf8')
}
