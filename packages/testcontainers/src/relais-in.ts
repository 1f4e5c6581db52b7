import { LocalRelais } from './local-relais.ts'
import { RelaisCluster } from './relais-cluster.ts'
import { DEFAULT_IMAGE, RelaisContainer } from './relais-container.ts'
import type { Relais } from './running-relais.ts'

/** Processes of this machine, one or many; one container, or one for each service. */
const FORMS: Readonly<Record<string, (image: string) => Relais>> = {
  standalone: () => new LocalRelais(),
  cluster: () => new LocalRelais({ form: 'cluster' }),
  container: (image) => new RelaisContainer(image),
  containers: (relais) => new RelaisCluster({ relais }),
}

/** Relais in a form that is chosen when a suite runs, as by a variable; undefined is one process. Errors: no such form. */
export const relaisIn = (form = 'standalone', image = DEFAULT_IMAGE): Relais => {
  const make = Object.hasOwn(FORMS, form) ? FORMS[form] : undefined
  if (make === undefined) throw new Error(`${form} is none of ${Object.keys(FORMS).join(', ')}`)
  return make(image)
}
