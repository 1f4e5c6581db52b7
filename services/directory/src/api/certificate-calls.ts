import type {
  DeepPartial,
  DirectoryServiceImplementation,
  GetCertificatesResponse,
} from '@relais/proto/directory/v1/directory.ts'
import type { Call } from '@relais/service-kit/call.ts'
import { requireCertificate } from '../account/certificates.ts'
import { certificatesOf } from '../queries/certificates.ts'
import { changeAccount } from './account-calls.ts'
import { requirePeopleOf } from './bounds.ts'
import { commandOf, type Parts } from './parts.ts'
import { requireMember, requireOperator } from './permissions.ts'

type Handlers = Pick<
  DirectoryServiceImplementation<Call>,
  'getCertificates' | 'addCertificate' | 'removeCertificate'
>

/** Certificates of people: read within the tenant, kept by operators. */
export const certificateCalls = (parts: Parts): Handlers => ({
  getCertificates: async ({ tenant, accounts }, call): Promise<DeepPartial<GetCertificatesResponse>> => {
    requireMember(call, tenant)
    requirePeopleOf(accounts)
    const { store } = parts.projector
    const found = await Promise.all(accounts.map((account) => certificatesOf(store, { tenant, account })))
    return { certificates: found.flat() }
  },

  addCertificate: async ({ tenant, account, certificate }, call) => {
    requireOperator(call)
    const { fingerprint, der } = requireCertificate(certificate)
    const target = { parts, command: commandOf(parts, call), tenant, account }
    const { position } = await changeAccount(target, { type: 'AddCertificate', certificate: der })
    return { fingerprint, position }
  },

  removeCertificate: ({ tenant, account, fingerprint }, call) => {
    requireOperator(call)
    const target = { parts, command: commandOf(parts, call), tenant, account }
    return changeAccount(target, { type: 'RemoveCertificate', fingerprint: fingerprint.toLowerCase() })
  },
})
