import type {
  DeviceSyncServiceImplementation,
  ListDevicesRequest,
  Device as WireDevice,
} from '@relais/proto/device_sync/v1/device_sync.ts'
import type { Projector } from '@relais/read-store'
import { type Call, terminal } from '@relais/service-kit'
import type { DeviceCommand } from '../device/decide.ts'
import type { DeviceRegistry } from '../devices/device-registry.ts'
import type { DeviceRowSource } from '../devices/device-row-store.ts'
import { type LastSeen, lastSeenRows } from '../devices/last-seen.ts'
import { recoveryPasswordRows } from '../devices/recovery-password.ts'
import type { DeviceRef, HeldRequests } from '../held/held-requests.ts'
import type { Loops } from '../looping/loops.ts'
import { type Slowing, slowingRows } from '../looping/slowing.ts'
import { type ListedDevice, listDevices } from '../queries/devices.ts'
import type { Traces } from '../tracing/traces.ts'
import { formatPageToken, parsePageToken } from './page-token.ts'

export type HandlerDeps = {
  readonly projector: Projector
  readonly registry: DeviceRegistry
  readonly rowStore: DeviceRowSource
  readonly held: HeldRequests
  readonly traces: Traces
  readonly loops: Pick<Loops, 'release'>
  readonly clock: () => number
}

const PAGE = 100
const MAX_PAGE = 1_000
const MAX_TRACE_SECONDS = 3_600

/** Operators of the installation administer every tenant, those of a tenant their own, others nothing. */
const requireOperator = ({ identity }: Call, { tenant }: { readonly tenant: string }): void => {
  const mayAdminister = identity.tenant === '' || identity.tenant === tenant
  if (identity.actor.kind !== 'operator' || !mayAdminister)
    throw terminal('PERMISSION_DENIED', 'only administrators see and change devices')
  if (tenant === '') throw terminal('INVALID_ARGUMENT', 'a tenant is needed')
}

/** What rows and this process know of a device beside its facts. */
type Known = {
  readonly seen: LastSeen | undefined
  readonly slowing: Slowing | undefined
  readonly held: boolean
}

const loopOf = (slowing: Slowing | undefined) => ({
  loop: slowing?.reason ?? '',
  loopCommand: slowing?.command ?? '',
  loopItem: slowing?.item ?? '',
  loopAt: slowing?.at ?? 0,
  slowedUntil: slowing?.until ?? 0,
  loopTimes: slowing?.times ?? 0,
})

const wireDevice = (tenant: string, device: ListedDevice, { seen, slowing, held }: Known): WireDevice => ({
  ...loopOf(slowing),
  tenant,
  account: device.account,
  device: device.device,
  type: device.type,
  model: device.information?.model ?? '',
  friendlyName: device.information?.friendlyName ?? '',
  os: device.information?.os ?? '',
  userAgent: seen?.userAgent ?? device.userAgent,
  protocolVersion: seen?.version ?? device.protocolVersion,
  blocked: device.blocked,
  wipe: device.wipe ? (device.wipe.accountOnly ? 'account' : 'device') : '',
  wipeState: device.wipe?.state ?? '',
  wipeRequestedAt: device.wipe?.requestedAt ?? 0,
  wipeAnsweredAt: device.wipe?.answeredAt ?? 0,
  policyKey: device.policy?.key ?? 0,
  policyAcknowledgedAt: device.policy?.at ?? 0,
  policyStatus: device.policy?.status ?? 0,
  registeredAt: device.registeredAt,
  lastSeenAt: seen?.at ?? device.registeredAt,
  held,
})

const wireDevices = async (
  { rowStore, held }: HandlerDeps,
  tenant: string,
  devices: readonly ListedDevice[],
): Promise<WireDevice[]> => {
  const [first] = devices
  const last = devices.at(-1)
  if (!first || !last) return []
  const seen = await rowStore.range(lastSeenRows, tenant, { first, last })
  const slowed = await rowStore.range(slowingRows, tenant, { first, last })
  return devices.map((device) => {
    const ref = { tenant, account: device.account, device: device.device }
    const name = `${ref.account}/${ref.device}`
    const known = { seen: seen.get(name), slowing: slowed.get(name), held: held.isHeld(ref) }
    return wireDevice(tenant, device, known)
  })
}

const pageOf = ({ tenant, account, pageSize, pageToken }: ListDevicesRequest) => ({
  tenant,
  account,
  after: parsePageToken(pageToken),
  limit: Math.min(pageSize || PAGE, MAX_PAGE),
})

const list = async (deps: HandlerDeps, request: ListDevicesRequest) => {
  const page = pageOf(request)
  const devices = await listDevices(deps.projector.store, page)
  const last = devices.length === page.limit ? devices.at(-1) : undefined
  return {
    devices: await wireDevices(deps, request.tenant, devices),
    nextPageToken: last ? formatPageToken(last) : '',
  }
}

/** Decides, waits until lists show it, answers with the position. */
const change = async (
  deps: HandlerDeps,
  ref: DeviceRef,
  command: DeviceCommand,
  call: Call,
): Promise<number> => {
  const { head } = await deps.registry.execute(ref, command, call)
  await deps.projector.waitFor(head, call.deadline)
  return head
}

/** That the device spoke last, times ten; 0: there is no such device. */
const spokenVersion = async (
  { registry, rowStore }: HandlerDeps,
  ref: DeviceRef,
  { deadline }: Call,
): Promise<number> => {
  const device = (await registry.devicesOf(ref, deadline)).get(ref.device)
  if (!device) return 0
  const seen = (await rowStore.of(ref)).get(lastSeenRows)
  return Number((seen?.version ?? device.protocolVersion).replace('.', ''))
}

/** The administrators' side of device-sync (proto/relais/device_sync/v1/device_sync.proto). */
export const createHandlers = (deps: HandlerDeps): DeviceSyncServiceImplementation<Call> => ({
  async listDevices(request, call) {
    requireOperator(call, request)
    return list(deps, request)
  },

  async *traceDevice({ tenant, account, device, seconds }, call) {
    const ref = { tenant, account, device }
    requireOperator(call, ref)
    if (seconds === 0 || seconds > MAX_TRACE_SECONDS)
      throw terminal('INVALID_ARGUMENT', `a trace takes from 1 to ${MAX_TRACE_SECONDS} seconds`)
    yield* deps.traces.of(ref, seconds * 1000, call.signal)
  },

  async blockDevice({ tenant, account, device, blocked }, call) {
    const ref = { tenant, account, device }
    requireOperator(call, ref)
    return { position: await change(deps, ref, { type: 'BlockDevice', device, blocked }, call) }
  },

  async wipeDevice({ tenant, account, device, accountOnly }, call) {
    const ref = { tenant, account, device }
    requireOperator(call, ref)
    const version = await spokenVersion(deps, ref, call)
    return { position: await change(deps, ref, { type: 'WipeDevice', device, accountOnly, version }, call) }
  },

  async getRecoveryPassword({ tenant, account, device }, call) {
    const ref = { tenant, account, device }
    requireOperator(call, ref)
    const kept = (await deps.rowStore.of(ref)).get(recoveryPasswordRows)
    return { password: kept?.password ?? '', givenAt: kept?.at ?? 0 }
  },

  async cancelWipe({ tenant, account, device }, call) {
    const ref = { tenant, account, device }
    requireOperator(call, ref)
    return { position: await change(deps, ref, { type: 'CancelWipe', device }, call) }
  },

  async releaseDevice({ tenant, account, device }, call) {
    const ref = { tenant, account, device }
    requireOperator(call, ref)
    if (!(await deps.registry.devicesOf(ref, call.deadline)).has(device))
      throw terminal('DEVICE_NOT_FOUND', 'the account has no such device')
    return { released: await deps.loops.release(ref, deps.clock()) }
  },

  async removeDevice({ tenant, account, device }, call) {
    const ref = { tenant, account, device }
    requireOperator(call, ref)
    const position = await change(deps, ref, { type: 'RemoveDevice', device }, call)
    await deps.rowStore.remove(tenant, account, device)
    return { position }
  },
})
