export { openBlobs } from './blobs.ts'
export {
  type BlobConfiguration,
  blobSettings,
  file,
  type PodConfiguration,
  peer,
  podSettings,
  port,
  type StorageConfiguration,
  storageSettings,
} from './configuration.ts'
export { type Opened, type Pod, type PodOptions, ServicePod } from './pod.ts'
export { openPublicTls, type PublicTls, publicTlsSettings } from './public-tls.ts'
export { type PodDefinition, type PodProcess, runPod } from './run-pod.ts'
export { readSecret } from './secret-file.ts'
export { openStorage, type Storage } from './storage.ts'
