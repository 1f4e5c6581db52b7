import { networkInterfaces } from 'node:os'

/** Addresses by which other machines on this network reach this one: IPv4 first, no loopback, no link-local. */
export const networkAddresses = (interfaces = networkInterfaces()): readonly string[] => {
  const reachable = Object.values(interfaces)
    .flatMap((entries) => entries ?? [])
    .filter((entry) => !entry.internal && !isLinkLocal(entry.address))
  const ofFamily = (family: string) => reachable.filter((e) => e.family === family).map((e) => e.address)
  return [...new Set([...ofFamily('IPv4'), ...ofFamily('IPv6')])]
}

/** A host as it stands in a URL. */
export const inUrl = (host: string): string => (host.includes(':') ? `[${host}]` : host)

const isLinkLocal = (address: string) => address.startsWith('169.254.') || /^fe[89ab]/i.test(address)
