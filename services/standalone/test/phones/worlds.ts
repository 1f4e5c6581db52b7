import { FORM } from '../form.ts'
import { ClusterWorld } from './cluster-world.ts'
import { StandaloneWorld } from './standalone-world.ts'
import type { World } from './world.ts'

/** A Relais of the form that is tested. */
export const createWorld = (path: string): World =>
  FORM === 'cluster' ? new ClusterWorld(path) : new StandaloneWorld(path)
