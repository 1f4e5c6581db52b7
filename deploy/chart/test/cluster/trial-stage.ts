import { givenCluster, imageOf, loadImages, SMALL, TAG, trialValues } from './given.ts'
import { type Administrator, Installation, type Values } from './installation.ts'
import { makeAccounts, makeTenant } from './scene.ts'
import { PEOPLE, QUICK_TO_LEAVE, Stage } from './stage.ts'

/** A large crowd's accounts take minutes: kept, the next run of any file on the same cluster finds them. */
const IS_KEPT = process.env.RELAIS_TEST_KEEP !== undefined
const KEPT = 'survival'

export type TrialStage = { readonly stage: Stage; readonly administrator: Administrator }

/** What the trial of these tests is told, and whatever lies over it. */
export const stageValues = async (values: Values = {}): Promise<readonly Values[]> => [
  ...[await trialValues(), SMALL, imageOf(TAG), { merge: QUICK_TO_LEAVE }, values],
]

/** By a port that is forwarded to one pod: once that has ended, another one is needed. */
export const trialAdministrator = async (installation: Installation): Promise<Administrator> =>
  installation.administrator({
    token: await installation.secret('relais-trial', 'admin-token'),
    ca: await installation.secret('relais-trial-tls-public', 'ca.crt'),
  })

/** The trial in a namespace, with an account for each phone; the one that is there already, where one was kept. */
export const trialStage = async (name: string, values: Values = {}): Promise<TrialStage> => {
  const namespace = IS_KEPT ? KEPT : name
  const cluster = await givenCluster()
  await loadImages(cluster)
  const installation = new Installation(cluster, namespace)
  await installation.makeNamespace()
  const isThere = (await installation.list('deployments')).length > 0
  if (!isThere) await installation.install(await stageValues(values))
  const administrator = await trialAdministrator(installation)
  if (!isThere) {
    await makeTenant(installation, administrator)
    await makeAccounts(administrator, PEOPLE)
  }
  return { stage: new Stage(installation), administrator }
}

export const leave = async ({ installation }: Stage): Promise<void> => {
  if (!IS_KEPT) await installation.uninstall().catch(() => {})
  installation.close()
}
