// Loaded before a test file that has properties: what they try follows from one seed.
import fc from 'fast-check'
import { SEED_VARIABLE } from './seed.ts'

fc.configureGlobal({ seed: Number(process.env[SEED_VARIABLE]) })
