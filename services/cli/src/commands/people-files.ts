import { X509Certificate } from 'node:crypto'
import type { Account } from '@relais/proto/directory/v1/directory.ts'
import type { Command } from 'commander'
import { accountOf } from '../accounts.ts'
import { moment } from '../output.ts'
import type { Act, Session } from '../session.ts'
import { readSmallFile } from '../small-file.ts'
import { UsageError } from '../usage-error.ts'

/** Pictures and certificates: what phones of the tenant are told of a person. */
export const addPeopleFileCommands = (account: Command, act: Act) => {
  const picture = account.command('picture').description('what an account looks like in address lists')
  picture
    .command('set <address> <file>')
    .description('a JPEG or PNG of up to 100 KiB and 2048 pixels a side')
    .action(act(setPicture))
  picture.command('remove <address>').description('it has none').action(act(removePicture))
  const certificate = account
    .command('certificate')
    .description('what phones encrypt mail to an account with')
  certificate
    .command('add <address> <file>')
    .description('an X.509 certificate in PEM or DER; up to 10')
    .action(act(addCertificate))
  certificate
    .command('list <address>')
    .description('its certificates, and until when they are good')
    .action(act(listCertificates))
  certificate
    .command('remove <address> <fingerprint>')
    .description('by its SHA-256, or the beginning of it')
    .action(act(removeCertificate))
}

type Connection = Session['connection']

const keyOf = ({ tenant, account }: Account) => ({ tenant, account })

/** The size of the account's picture in bytes; 0: it has none. */
export const pictureSize = async (connection: Connection, { tenant, account }: Account): Promise<number> => {
  const { pictures } = await connection.directory.getPictures({ tenant, accounts: [account], maxBytes: 0 })
  return pictures[0]?.size ?? 0
}

const setPicture = async ({ connection, output }: Session, address: string, file: string) => {
  const account = await accountOf(connection, address)
  await connection.directory.setPicture({ ...keyOf(account), content: await readSmallFile(file) })
  output.done(`the picture of ${address} is set`, { address })
}

const removePicture = async ({ connection, output }: Session, address: string) => {
  await connection.directory.removePicture(keyOf(await accountOf(connection, address)))
  output.done(`${address} has no picture`, { address })
}

const addCertificate = async ({ connection, output }: Session, address: string, file: string) => {
  const key = keyOf(await accountOf(connection, address))
  const request = { ...key, certificate: await readSmallFile(file) }
  const { fingerprint } = await connection.directory.addCertificate(request)
  output.done(`certificate ${fingerprint} of ${address} is added`, { address, fingerprint })
}

const certificatesOf = async (connection: Connection, { tenant, account }: Account) =>
  (await connection.directory.getCertificates({ tenant, accounts: [account] })).certificates

/** One line of a name that has several parts. */
const nameOf = (name: string): string => name.replaceAll('\n', ', ')

const listCertificates = async ({ connection, output }: Session, address: string) => {
  const certificates = await certificatesOf(connection, await accountOf(connection, address))
  output.rows(
    certificates.map(({ fingerprint, certificate }) => {
      const { subject, issuer, validFromDate, validToDate } = new X509Certificate(certificate)
      return {
        fingerprint,
        subject: nameOf(subject),
        issuer: nameOf(issuer),
        from: moment(validFromDate.getTime()),
        until: moment(validToDate.getTime()),
      }
    }),
  )
}

const SHORTEST = 8

const removeCertificate = async ({ connection, output }: Session, address: string, begin: string) => {
  const account = await accountOf(connection, address)
  const wanted = begin.replaceAll(':', '').toLowerCase()
  const found = (await certificatesOf(connection, account)).filter(({ fingerprint }) =>
    fingerprint.startsWith(wanted),
  )
  const [one, ...others] = found
  if (wanted.length < SHORTEST || one === undefined || others.length > 0)
    throw new UsageError(
      `${address} has ${found.length} certificates whose fingerprints begin so; ${SHORTEST} digits are needed`,
    )
  await connection.directory.removeCertificate({ ...keyOf(account), fingerprint: one.fingerprint })
  output.done(`certificate ${one.fingerprint} of ${address} is removed`, {
    address,
    fingerprint: one.fingerprint,
  })
}
