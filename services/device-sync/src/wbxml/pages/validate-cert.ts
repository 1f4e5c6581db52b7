import type { CodePage } from '../code-page.ts'

export const validateCert = {
  page: 11,
  namespace: 'ValidateCert',
  prefix: 'validatecert',
  tags: {
    ValidateCert: [0x05],
    Certificates: [0x06],
    Certificate: [0x07],
    CertificateChain: [0x08],
    CheckCRL: [0x09],
    Status: [0x0a],
  },
} as const satisfies CodePage
