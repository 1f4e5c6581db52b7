export { type MobilePolicy, type PolicyEntry, parsePolicy } from './policy.ts'
