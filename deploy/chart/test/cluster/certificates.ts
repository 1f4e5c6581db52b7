import type { Authority } from '@relais/testing'
import type { Installation } from './installation.ts'
import { SERVICES } from './stage.ts'

/** Of each service, as a guide says for those without cert-manager. */
export const giveCertificates = async (installation: Installation, authority: Authority): Promise<void> => {
  for (const service of SERVICES) {
    const { certificate, key } = await authority.issue(service, { uris: [`urn:relais:service:${service}`] })
    await installation.makeSecret(`relais-tls-${service}`, {
      'tls.crt': certificate,
      'tls.key': key,
      'ca.crt': authority.ca,
    })
  }
}
