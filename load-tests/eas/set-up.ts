import { type Hierarchy, readHierarchy, readPolicy } from './answers.ts'
import type { Talk } from './effects.ts'
import type { SetUpStep } from './families.ts'
import type { PhoneState } from './phone-state.ts'
import { type Asking, request } from './request.ts'
import { askPolicy, folderSync, takePolicy, userInformation } from './requests.ts'
import { takeAll } from './syncing.ts'
import { ownTrouble, Trouble } from './trouble.ts'

/** A phone's first minute, in the order of its family. What asks for the policy before it is taken is asked again by life. */
export function* setUp(asking: Asking): Talk<void> {
  for (const step of asking.phone.family.setUp) yield* STEPS[step](asking)
  asking.phone.isSetUp = true
}

function* options(asking: Asking): Talk<void> {
  yield* request(asking, { command: 'OPTIONS', body: undefined })
}

function* settings(asking: Asking): Talk<void> {
  yield* request(asking, { command: 'Settings', body: userInformation() })
}

/** [MS-ASPROV] 3.1.5: asks for the policy and takes it, where there is one. */
export function* provision(asking: Asking): Talk<void> {
  const { phone } = asking
  const asked = readPolicy(yield* request(asking, { command: 'Provision', body: askPolicy(phone) }))
  if (asked.status !== '1') throw ownTrouble('Provision', asked.status)
  if (asked.key === undefined) return
  const taken = readPolicy(yield* request(asking, { command: 'Provision', body: takePolicy(asked.key) }))
  if (taken.key === undefined) throw ownTrouble('Provision', taken.policy ?? taken.status)
  phone.policyKey = taken.key
}

/** Takes what is new of the folders. A first one that is told of a policy does what phones do: takes it, and asks again. */
export function* folders(asking: Asking): Talk<void> {
  const { phone } = asking
  let hierarchy: Hierarchy
  try {
    hierarchy = yield* askFolders(asking)
  } catch (error) {
    if (!(error instanceof Trouble) || error.kind !== 'policy') throw error
    yield* provision(asking)
    hierarchy = yield* askFolders(asking)
  }
  if (phone.folderKey === '0') keep(phone, hierarchy)
  phone.folderKey = hierarchy.key
}

function* askFolders(asking: Asking): Talk<Hierarchy> {
  const { phone } = asking
  const body = folderSync(phone.folderKey)
  const hierarchy = readHierarchy(yield* request(asking, { command: 'FolderSync', body }))
  if (hierarchy.status === '1') return hierarchy
  if (hierarchy.status !== '9') throw ownTrouble('FolderSync', hierarchy.status)
  phone.folderKey = '0'
  throw new Trouble('folders', 'FolderSync Status 9')
}

const keep = (phone: PhoneState, { folders: told }: Hierarchy): void => {
  const known = new Map(phone.folders.map((folder) => [folder.id, folder.key]))
  phone.folders = phone.family.keeps.flatMap((type) =>
    told.filter((one) => one.type === type).map(({ id }) => ({ id, type, key: known.get(id) ?? '0' })),
  )
  if (phone.folders[0]?.type !== '2') throw new Trouble('unexpected', 'FolderSync: there is no inbox')
}

const STEPS: Readonly<Record<SetUpStep, (asking: Asking) => Talk<void>>> = {
  options,
  provision,
  settings,
  folderSync: folders,
  sync: takeAll,
}
