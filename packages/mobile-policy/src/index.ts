export { type MobilePolicy, type PolicyEntry, parsePolicy } from './policy.ts'
export { type PolicyRule, RULES } from './rules.ts'
