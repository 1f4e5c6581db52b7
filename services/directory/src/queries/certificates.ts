import type { Certificate } from '@relais/proto/directory/v1/directory.ts'
import type { Reader } from '@relais/read-store'
import { readAccount } from './accounts.ts'

type CertificateRow = { readonly fingerprint: string; readonly der: string }

const OF_ACCOUNT = 'SELECT fingerprint, der FROM certificate WHERE tenant = ? AND account = ?'

/** An account's certificates in the order of their adding. */
export const certificatesOf = async (
  reader: Reader,
  key: { readonly tenant: string; readonly account: string },
): Promise<readonly Certificate[]> => {
  const { state } = await readAccount(reader, key)
  if (state.certificates.length === 0) return []
  const rows = await reader.all<CertificateRow>(OF_ACCOUNT, key.tenant, key.account)
  const byFingerprint = new Map(rows.map(({ fingerprint, der }) => [fingerprint, der]))
  return state.certificates.flatMap((fingerprint) => {
    const der = byFingerprint.get(fingerprint)
    return der === undefined
      ? []
      : { account: key.account, fingerprint, certificate: Buffer.from(der, 'base64') }
  })
}
