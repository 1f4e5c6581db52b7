/** How a certificate names a service of ours: a URI among its subject's alternative names (RFC 5280 4.2.1.6). */
const SERVICE = 'urn:relais:service:'
/** The same as a host's name, for issuers that can't make URIs; nobody can have it in the internet's names. */
const DOMAIN = '.service.relais.internal'

const NAME = /^[a-z][a-z0-9-]{0,62}$/

/** The URI that a service's certificate must have. */
export const serviceUri = (service: string): string => `${SERVICE}${service}`

/**
 * The services that a certificate names, from Node's text of its alternative names. Node puts a name with unusual characters
 * between quotes: such a certificate names nobody, so that no name can be hidden in another.
 */
export const servicesIn = (subjectAltName: string | undefined): readonly string[] => {
  if (subjectAltName === undefined || subjectAltName.includes('"')) return []
  return subjectAltName
    .split(', ')
    .map(nameIn)
    .filter((name) => NAME.test(name))
}

/** Of one alternative name; empty: it names no service. */
const nameIn = (entry: string): string => {
  if (entry.startsWith(`URI:${SERVICE}`)) return entry.slice(4 + SERVICE.length)
  if (entry.startsWith('DNS:') && entry.endsWith(DOMAIN)) return entry.slice(4, -DOMAIN.length)
  return ''
}

export const namesService = (subjectAltName: string | undefined, service: string): boolean =>
  servicesIn(subjectAltName).includes(service)
