import type { Writer } from '@relais/read-store'
import type { DirectoryEvent } from '../events.ts'

type Owner = { readonly tenant: string; readonly account: string }

const ADD = `INSERT INTO certificate (tenant, account, fingerprint, der) VALUES (?, ?, ?, ?)
  ON CONFLICT (tenant, account, fingerprint) DO NOTHING`
const REMOVE = 'DELETE FROM certificate WHERE tenant = ? AND account = ? AND fingerprint = ?'
const ERASE = 'DELETE FROM certificate WHERE tenant = ? AND account = ?'

/** Certificates have rows of their own: every sign-in reads the account's. */
export const writeCertificates = async (
  writer: Writer,
  { tenant, account, events }: Owner & { readonly events: readonly DirectoryEvent[] },
): Promise<void> => {
  for (const { type, payload } of events) {
    if (type === 'CertificateAdded')
      await writer.write(ADD, tenant, account, payload.fingerprint, base64Of(payload.certificate))
    else if (type === 'CertificateRemoved') await writer.write(REMOVE, tenant, account, payload.fingerprint)
  }
}

export const eraseCertificates = (writer: Writer, { tenant, account }: Owner): Promise<unknown> =>
  writer.write(ERASE, tenant, account)

const base64Of = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
