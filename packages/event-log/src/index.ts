export * from './events.ts'
export { observedLog } from './observed-log.ts'
export * from './port.ts'
