export { type FileBlobs, openFileBlobs } from './file/open-file-blobs.ts'
export * from './port.ts'
export { isSpace, spaceOf, tenantOfSpace } from './space.ts'
