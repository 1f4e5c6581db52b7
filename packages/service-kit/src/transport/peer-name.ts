/** How a certificate names a service of ours: a URI among its subject's alternative names (RFC 5280 4.2.1.6). */
const SERVICE = 'urn:relais:service:'

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
    .filter((entry) => entry.startsWith(`URI:${SERVICE}`))
    .map((entry) => entry.slice(4 + SERVICE.length))
    .filter((name) => NAME.test(name))
}

export const namesService = (subjectAltName: string | undefined, service: string): boolean =>
  servicesIn(subjectAltName).includes(service)
