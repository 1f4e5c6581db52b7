export * from './free-ports.ts'
export * from './pinned-program.ts'
export * from './server-process.ts'
