export { createDirectory, type Directory, type DirectoryDeps, type StoreDefinition } from './service.ts'
