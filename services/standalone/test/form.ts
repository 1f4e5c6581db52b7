/** In which of its two forms Relais is tested: one process on a folder, or every service a process of its own with real servers. */
export const FORM = process.env.RELAIS_TEST_FORM === 'cluster' ? 'cluster' : 'standalone'

/** Options of a test that makes sense for one process alone; in the other form it is skipped and says why. */
export const standaloneOnly = (why: string): { readonly skip?: string } =>
  FORM === 'cluster' ? { skip: `only for one process: ${why}` } : {}

/** Options of a test that makes sense for many processes alone. */
export const clusterOnly = (why: string): { readonly skip?: string } =>
  FORM === 'cluster' ? {} : { skip: `only for many processes: ${why}` }
