import { terminal } from '@relais/service-kit/errors.ts'

export type S3Credentials = {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

export type S3BlobsOptions = {
  /** `https://HOST[:PORT]` of the S3 service; buckets are named in the path. */
  readonly endpoint: string
  readonly region: string
  /** Is there already. May be shared with others if `prefix` isn't. */
  readonly bucket: string
  /** Before every key; default none. */
  readonly prefix?: string
  readonly credentials: S3Credentials
  /** PEM texts: whom to trust, and who we are where the server asks. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string }
  /** Connections at most; default 32. */
  readonly connections?: number
  /** The server must begin to answer within this many milliseconds, and not pause longer; default 5,000. */
  readonly answerWithinMs?: number
  /** After this many milliseconds nothing is tried again; default 20,000. */
  readonly deadlineMs?: number
  /** Times that a call is tried at most; default 5. */
  readonly attempts?: number
  /** Age at which an unfinished upload counts as left behind by a crash, in milliseconds; default one day. */
  readonly abandonedAfterMs?: number
  /** Milliseconds since 1970, by which blobs are old. Default: the system's clock. */
  readonly clock?: () => number
  /** For how long "no sweep is under way" holds, in milliseconds: the same for all who use a bucket; default 10,000. */
  readonly leaseMs?: number
  /** Told once of what an operator must mend (access refused, no such bucket), until it works again. Default: a process warning. */
  readonly onFault?: (error: Error) => void
}

export type S3Settings = Required<Omit<S3BlobsOptions, 'tls'>> & Pick<S3BlobsOptions, 'tls'>

const DEFAULTS = {
  prefix: '',
  connections: 32,
  answerWithinMs: 5000,
  deadlineMs: 20_000,
  attempts: 5,
  abandonedAfterMs: 24 * 3600 * 1000,
  leaseMs: 10_000,
  clock: Date.now,
  onFault: (error: Error) => process.emitWarning(error),
}

const invalid = (what: string) => terminal('CONFIGURATION_INVALID', `S3: ${what}`)

/** Options with defaults. Errors: CONFIGURATION_INVALID. */
export const settingsOf = (options: S3BlobsOptions): S3Settings => {
  const { endpoint, bucket, credentials } = options
  const url = URL.parse(endpoint)
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search !== '')
    throw invalid('the endpoint is http[s]://HOST[:PORT]')
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) throw invalid("that is no bucket's name")
  if (credentials.accessKeyId === '' || credentials.secretAccessKey === '')
    throw invalid('access key and secret are needed')
  return { ...DEFAULTS, ...options }
}
