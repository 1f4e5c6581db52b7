import { benchBlobStore } from './blob-store.ts'
import { benchDirectory } from './directory.ts'
import { benchEventLog } from './event-log.ts'
import type { Figure } from './figure.ts'
import { benchJetStream } from './jetstream.ts'
import { benchMail } from './mail.ts'
import { benchMime } from './mime.ts'
import { benchPostgresLog } from './postgres-log.ts'
import { benchDelivery } from './product/delivery.ts'
import { benchFolderSync } from './product/folders.ts'
import { benchHeldOverTls, benchPush } from './product/push.ts'
import { benchRestart } from './product/restart.ts'
import { benchStart } from './product/start.ts'
import { benchFirstSync, benchQuietSync } from './product/sync.ts'
import { benchReadStore } from './read-store.ts'
import { benchS3Blobs } from './s3-blobs.ts'
import { benchSyncState } from './sync-state.ts'
import { benchWbxml } from './wbxml.ts'

export type Bench = {
  readonly name: string
  /** True: measures the running product of any revision; false: a part of this one. */
  readonly product: boolean
  /** `root` is the checkout to measure. */
  run(root: string): Promise<Figure[]>
}

export const BENCHES: readonly Bench[] = [
  { name: 'event-log', product: false, run: () => benchEventLog() },
  { name: 'jetstream', product: false, run: () => benchJetStream() },
  { name: 'postgres-log', product: false, run: () => benchPostgresLog() },
  { name: 'read-store', product: false, run: () => benchReadStore() },
  { name: 'blob-store', product: false, run: () => benchBlobStore() },
  { name: 's3-blobs', product: false, run: () => benchS3Blobs() },
  { name: 'sync-state', product: false, run: () => benchSyncState() },
  { name: 'wbxml', product: false, run: () => benchWbxml() },
  { name: 'directory', product: false, run: () => benchDirectory() },
  { name: 'mime', product: false, run: () => benchMime() },
  { name: 'mail', product: false, run: () => benchMail() },
  { name: 'start', product: true, run: benchStart },
  { name: 'push', product: true, run: (root) => benchPush(root, 1000) },
  { name: 'push-15000', product: true, run: (root) => benchPush(root, 15_000) },
  { name: 'held-tls', product: true, run: (root) => benchHeldOverTls(root, 5000) },
  { name: 'restart', product: true, run: (root) => benchRestart(root, 5000) },
  { name: 'quiet-sync', product: true, run: benchQuietSync },
  { name: 'first-sync', product: true, run: benchFirstSync },
  { name: 'folder-sync', product: true, run: benchFolderSync },
  { name: 'delivery', product: true, run: benchDelivery },
]
