import type { X509Certificate } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  CERTIFICATE_STATUS,
  MAX_CHECKS,
  parseCertificate,
  type TrustStore,
  type Validation,
  validateCertificate,
} from '../certificates/certificate-path.ts'
import { ValueError } from '../wbxml/errors.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { boolChild, child, childrenNamed, textOf } from '../wbxml/read.ts'
import { answer, type Command, type CommandAnswer, type CommandContext } from './command.ts'

export type ValidateCertDeps = { readonly trusted: () => TrustStore }

const OK = 1
const MAX_CERTIFICATES = 100
/** Of base64; the largest that are in use have some kilobytes. */
const MAX_CHARACTERS = 64 * 1024

const bytesOf = (node: WbxmlNode): Uint8Array =>
  node.content instanceof Uint8Array ? node.content : Buffer.from(textOf(node, MAX_CHARACTERS), 'base64')

const certificatesIn = (node: WbxmlNode | undefined): readonly WbxmlNode[] => {
  const nodes = node ? childrenNamed(node, 'validatecert:Certificate') : []
  if (nodes.length > MAX_CERTIFICATES)
    throw new ValueError('validatecert:Certificate', `is there more than ${MAX_CERTIFICATES} times`)
  return nodes
}

const chainIn = (body: WbxmlNode | undefined): readonly X509Certificate[] =>
  certificatesIn(child(body, 'validatecert:CertificateChain')).flatMap(
    (node) => parseCertificate(bytesOf(node)) ?? [],
  )

const statusOf = (node: WbxmlNode, validation: Validation): number => {
  const certificate = parseCertificate(bytesOf(node))
  return certificate ? validateCertificate(certificate, validation) : CERTIFICATE_STATUS.badFormat
}

const run = async ({ trusted }: ValidateCertDeps, { body, now }: CommandContext): Promise<CommandAnswer> => {
  const nodes = certificatesIn(child(body, 'validatecert:Certificates'))
  if (nodes.length === 0) throw new ValueError('validatecert:Certificates', 'has none')
  const checkRevocation = boolChild(body, 'validatecert:CheckCRL') ?? false
  const checks = { left: MAX_CHECKS }
  const validation = { chain: chainIn(body), trust: trusted(), now, checkRevocation, checks }
  const certificates: WbxmlNode[] = []
  for (const node of nodes) {
    certificates.push(el('validatecert:Certificate', [el('validatecert:Status', statusOf(node, validation))]))
    // A hundred take a second: push comes first.
    await nextTurn()
  }
  return answer(el('validatecert:ValidateCert', [el('validatecert:Status', OK), ...certificates]))
}

/** ValidateCert (MS-ASCMD 2.2.1.21): whether certificates of signed mail can be believed. */
export const createValidateCert = (deps: ValidateCertDeps): Command => ({
  name: 'ValidateCert',
  body: 'small',
  emptyBody: false,
  run: (context) => run(deps, context),
})
