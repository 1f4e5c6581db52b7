export * from './placement.ts'
export * from './placements.ts'
export { placementSchema } from './schema.ts'
