export { type FileBlobs, openFileBlobs } from './file/open-file-blobs.ts'
export * from './port.ts'
