export * from './placement.ts'
