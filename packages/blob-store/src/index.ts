export type { StoredFile } from './file/list.ts'
export { FileBlobs, type FileBlobsOptions, openFileBlobs } from './file/open-file-blobs.ts'
export * from './port.ts'
