import type { DirectoryClient, Person } from '@relais/proto/directory/v1/directory.ts'
import type { CallExtras } from '@relais/service-kit'
import { isUsableForMail, parseCertificate } from '../certificates/certificate-path.ts'
import type { CommandContext } from '../commands/command.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'

/** Status of Certificates (MS-ASCMD 2.2.3.177.12): there; the person has no valid one; more than MaxCertificates. */
const CERTIFICATES_STATUS = { ok: 1, none: 7, limitReached: 8 } as const

/** The directory takes so many a call. */
const AT_ONCE = 100

export type CertificateOptions = {
  /** `mini`: one for each person, by which a client knows that there is one. */
  readonly retrieval: 'full' | 'mini'
  readonly maxCertificates: number
}

/** The Certificates of a person, in the order in which people stand in the answer; false: none were asked for. */
export type Certified = (person: Pick<Person, 'account'>) => WbxmlNode | false

type Usable = { readonly base64: string; readonly until: number }

type Asked = {
  readonly people: readonly Person[]
  readonly options: CertificateOptions | undefined
}

/** What mail can be encrypted for now, the one that is good for longest first. */
const usableIn = (ders: readonly Uint8Array[], now: number): readonly Usable[] =>
  ders
    .flatMap((der) => {
      const certificate = parseCertificate(der)
      if (!certificate || !isUsableForMail(certificate, now)) return []
      return { base64: certificate.raw.toString('base64'), until: certificate.validToDate.getTime() }
    })
    .toSorted((a, b) => b.until - a.until)

const fetched = async (
  directory: DirectoryClient<CallExtras>,
  { user: { tenant }, call, now }: CommandContext,
  accounts: readonly string[],
): Promise<ReadonlyMap<string, readonly Usable[]>> => {
  const found = new Map<string, readonly Usable[]>()
  for (let at = 0; at < accounts.length; at += AT_ONCE) {
    const request = { tenant, accounts: accounts.slice(at, at + AT_ONCE) }
    const { certificates } = await directory.getCertificates(request, call)
    for (const [account, its] of Map.groupBy(certificates, ({ account }) => account))
      found.set(
        account,
        usableIn(
          its.map(({ certificate }) => certificate),
          now,
        ),
      )
  }
  return found
}

const element = (status: number, count: number, certificates: readonly WbxmlNode[]): WbxmlNode =>
  el('resolverecipients:Certificates', [
    el('resolverecipients:Status', status),
    el('resolverecipients:CertificateCount', count),
    el('resolverecipients:RecipientCount', 1),
    ...certificates,
  ])

// No format of its own is published for a mini-certificate (MS-ASCMD 2.2.3.112): it is the certificate.
const shown = (usable: readonly Usable[], { retrieval }: CertificateOptions): readonly WbxmlNode[] =>
  retrieval === 'mini'
    ? usable.slice(0, 1).map(({ base64 }) => el('resolverecipients:MiniCertificate', base64))
    : usable.map(({ base64 }) => el('resolverecipients:Certificate', base64))

/** Gets the certificates of people that a phone asks for. Errors: those of the directory. */
export const certificatesOf = async (
  directory: DirectoryClient<CallExtras>,
  context: CommandContext,
  { people, options }: Asked,
): Promise<Certified> => {
  if (!options) return () => false
  const found = await fetched(directory, context, [...new Set(people.map(({ account }) => account))])
  let left = options.maxCertificates
  return ({ account }) => {
    const usable = found.get(account) ?? []
    if (usable.length === 0) return element(CERTIFICATES_STATUS.none, 0, [])
    const certificates = shown(usable, options)
    // MS-ASCMD 2.2.3.101: nobody gets some of theirs.
    if (certificates.length > left) return element(CERTIFICATES_STATUS.limitReached, usable.length, [])
    left -= certificates.length
    return element(CERTIFICATES_STATUS.ok, usable.length, certificates)
  }
}
