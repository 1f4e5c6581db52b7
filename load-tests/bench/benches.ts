import { benchBlobStore } from './blob-store.ts'
import { benchDirectory } from './directory.ts'
import { benchEventLog } from './event-log.ts'
import type { Figure } from './figure.ts'
import { benchJetStream } from './jetstream.ts'
import { benchMail } from './mail.ts'
import { benchMime } from './mime.ts'
import { benchPostgresLog } from './postgres-log.ts'
import { benchPostgresRows } from './postgres-rows.ts'
import { benchAttachment } from './product/attachment.ts'
import { benchDelivery } from './product/delivery.ts'
import { benchFolderSync } from './product/folders.ts'
import { benchFoldersInOneSync } from './product/folders-in-one-sync.ts'
import { benchHeldMany } from './product/held/held-many.ts'
import { benchIdle } from './product/idle.ts'
import { benchLooping } from './product/looping.ts'
import { benchHeldOverTls, benchPush } from './product/push.ts'
import { benchRestart } from './product/restart.ts'
import { benchSearch } from './product/search.ts'
import { benchSendLarge } from './product/send-large.ts'
import { benchStart } from './product/start.ts'
import { benchFirstSync, benchQuietSync } from './product/sync.ts'
import { benchTelemetry } from './product/telemetry.ts'
import { benchReadStore } from './read-store.ts'
import { benchS3Blobs } from './s3-blobs.ts'
import { benchSyncState } from './sync-state.ts'
import type { Form, Target } from './target.ts'
import { benchWbxml } from './wbxml.ts'

export type Bench = {
  readonly name: string
  /** True: measures a part of this revision by itself; else the running product of any revision. */
  readonly part?: true
  /** Forms of the product that it measures, or that have the part. */
  readonly forms: readonly Form[]
  run(target: Target): Promise<Figure[]>
}

const ONE: readonly Form[] = ['standalone']
const MANY: readonly Form[] = ['cluster']
const BOTH: readonly Form[] = ['standalone', 'cluster']

export const BENCHES: readonly Bench[] = [
  { name: 'event-log', part: true, forms: ONE, run: () => benchEventLog() },
  { name: 'jetstream', part: true, forms: MANY, run: () => benchJetStream() },
  { name: 'postgres-log', part: true, forms: MANY, run: () => benchPostgresLog() },
  { name: 'read-store', part: true, forms: ONE, run: () => benchReadStore() },
  { name: 'postgres-rows', part: true, forms: MANY, run: () => benchPostgresRows() },
  { name: 'blob-store', part: true, forms: ONE, run: () => benchBlobStore() },
  { name: 's3-blobs', part: true, forms: MANY, run: () => benchS3Blobs() },
  { name: 'sync-state', part: true, forms: ONE, run: () => benchSyncState() },
  { name: 'wbxml', part: true, forms: ONE, run: () => benchWbxml() },
  { name: 'directory', part: true, forms: ONE, run: () => benchDirectory() },
  { name: 'mime', part: true, forms: ONE, run: () => benchMime() },
  { name: 'mail', part: true, forms: ONE, run: () => benchMail() },
  { name: 'start', forms: ONE, run: benchStart },
  { name: 'push', forms: BOTH, run: (target) => benchPush(target, 1000) },
  { name: 'push-15000', forms: ONE, run: (target) => benchPush(target, 15_000) },
  { name: 'held-100000', forms: MANY, run: (target) => benchHeldMany(target, target.phones ?? 100_000) },
  { name: 'held-tls', forms: ONE, run: (target) => benchHeldOverTls(target, 15_000) },
  { name: 'restart', forms: ONE, run: (target) => benchRestart(target, 5000) },
  { name: 'quiet-sync', forms: BOTH, run: benchQuietSync },
  { name: 'looping', forms: BOTH, run: benchLooping },
  { name: 'first-sync', forms: BOTH, run: benchFirstSync },
  { name: 'folder-sync', forms: ONE, run: benchFolderSync },
  { name: 'folders-in-one-sync', forms: BOTH, run: benchFoldersInOneSync },
  { name: 'search', forms: BOTH, run: benchSearch },
  { name: 'attachment', forms: BOTH, run: benchAttachment },
  { name: 'delivery', forms: BOTH, run: benchDelivery },
  { name: 'send-large', forms: ONE, run: benchSendLarge },
  { name: 'telemetry', part: true, forms: ONE, run: () => benchTelemetry() },
  { name: 'idle', forms: MANY, run: benchIdle },
]
