import { X509Certificate } from 'node:crypto'
import { readFileSync, watch } from 'node:fs'
import { dirname, join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { StartError } from '../start-error.ts'
import { writeWhole } from '../write-whole.ts'
import { type Certificate, generateCertificate } from './generate.ts'

/** A given certificate, read again when its files change. */
export type CertificateSource = {
  current(): Certificate
  /** Calls the listener with each new certificate that reads well; one that doesn't leaves the present one in use. */
  onChange(listener: (certificate: Certificate) => void): void
  close(): void
}

export type CertificateFiles = { readonly cert: string; readonly key: string }

/** Editors and renewal tools write in several steps: wait until they are quiet. */
const SETTLE_MS = 200

/** Errors ({@link StartError}) name the file that can't be read or doesn't fit. */
export const watchCertificate = (
  files: CertificateFiles,
  complain: (reason: string) => void,
): CertificateSource => {
  let certificate = readCertificate(files)
  const listeners: ((certificate: Certificate) => void)[] = []
  const reread = () => {
    try {
      const next = readCertificate(files)
      if (next.cert === certificate.cert && next.key === certificate.key) return
      certificate = next
      for (const listener of listeners) listener(next)
    } catch (error) {
      complain(error instanceof Error ? error.message : String(error))
    }
  }
  const stop = watchFolders(files, reread)
  return { current: () => certificate, onChange: (listener) => void listeners.push(listener), close: stop }
}

/** The certificate generated at an earlier start if it still fits these hosts and is good for 30 days, or a new one. */
export const generatedCertificate = async (
  folder: string,
  hosts: readonly string[],
  now: Date,
): Promise<Certificate> => {
  const files = { cert: join(folder, 'generated.crt'), key: join(folder, 'generated.key') }
  const kept = readIfGood(files, hosts, now)
  if (kept !== undefined) return kept
  const made = await generateCertificate(hosts, now)
  writeWhole(files.key, made.key)
  writeWhole(files.cert, made.cert)
  return made
}

const readIfGood = (
  files: CertificateFiles,
  hosts: readonly string[],
  now: Date,
): Certificate | undefined => {
  try {
    const certificate = readCertificate(files)
    const parsed = new X509Certificate(certificate.cert)
    const inThirtyDays = now.getTime() + 30 * 24 * 3600_000
    const fits = hosts.every((host) => (parsed.checkIP(host) ?? parsed.checkHost(host)) !== undefined)
    return fits && Date.parse(parsed.validTo) > inThirtyDays ? certificate : undefined
  } catch {
    return undefined // none yet, or not usable: a new one takes its place
  }
}

const readCertificate = (files: CertificateFiles): Certificate => {
  const certificate = { cert: read(files.cert), key: read(files.key) }
  try {
    createSecureContext(certificate)
    return certificate
  } catch (error) {
    throw new StartError(
      `the certificate ${files.cert} and key ${files.key} can't be used together: ${reason(error)}`,
      {
        cause: error,
      },
    )
  }
}

const read = (file: string) => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new StartError(`the certificate file ${file} can't be read: ${reason(error)}`, { cause: error })
  }
}

const watchFolders = (files: CertificateFiles, changed: () => void) => {
  let timer: NodeJS.Timeout | undefined
  const soon = () => {
    clearTimeout(timer)
    timer = setTimeout(changed, SETTLE_MS)
  }
  const watchers = [...new Set([dirname(files.cert), dirname(files.key)])].map((folder) =>
    watch(folder, { persistent: false }, soon),
  )
  return () => {
    clearTimeout(timer)
    for (const watcher of watchers) watcher.close()
  }
}

const reason = (error: unknown) => (error instanceof Error ? error.message : String(error))
