import type { BlobStore } from '@relais/blob-store'
import { openFileBlobs } from '@relais/blob-store'
import { describeError, type Logger, terminal } from '@relais/service-kit'
import type { BlobConfiguration } from './configuration.ts'
import type { Pod } from './pod.ts'
import { readCa } from './secret-file.ts'

/**
 * Opens the blob store that the configuration names. `isNeeded`: without it the pod isn't ready; default: so it is. Errors:
 * CONFIGURATION_INVALID where something of it is missing.
 */
export const openBlobs = async (
  pod: Pod,
  { blobs }: BlobConfiguration,
  { isNeeded = true }: { readonly isNeeded?: boolean } = {},
): Promise<BlobStore> => {
  const store = await pod.untilThere('the blob store', () => opened(blobs, pod.logger))
  pod.add({ name: 'blobs', stop: () => store.close() })
  if (isNeeded) await pod.dependOn('the blob store', () => store.stat(NOBODY, NOTHING))
  return store
}

/** Asked for to see whether the store answers: a tenant that can't be, and the hash of nothing. */
const NOBODY = 'probe'
const NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

const opened = (blobs: BlobConfiguration['blobs'], logger: Logger): Promise<BlobStore> =>
  blobs.kind === 'file'
    ? openFileBlobs({ folder: given(blobs.folder, 'blobs.folder') })
    : openBucket(blobs, logger)

/** What isn't configured isn't loaded: it would cost memory in each process. */
const openBucket = async (blobs: BlobConfiguration['blobs'], logger: Logger): Promise<BlobStore> => {
  const { openS3Blobs } = await import('@relais/blob-store/s3/open-s3-blobs.ts')
  return openS3Blobs({
    endpoint: given(blobs.endpoint, 'blobs.endpoint'),
    bucket: given(blobs.bucket, 'blobs.bucket'),
    region: blobs.region,
    tls: { ca: readCa(blobs.caFile, 'blobs.caFile') },
    credentials: {
      accessKeyId: given(blobs.accessKey, 'blobs.accessKey'),
      secretAccessKey: given(blobs.secretKey, 'blobs.secretKey'),
    },
    onFault: (error) =>
      logger.error({ component: 'the blob store', ...describeError(error) }, 'something must be mended'),
  })
}

const given = (value: string | undefined, setting: string): string => {
  if (value === undefined || value === '')
    throw terminal('CONFIGURATION_INVALID', `${setting}: must be set for this kind of blob store`)
  return value
}
