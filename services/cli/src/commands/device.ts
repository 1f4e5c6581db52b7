import type { Device } from '@relais/proto/device_sync/v1/device_sync.ts'
import type { Command } from 'commander'
import { accountOf } from '../accounts.ts'
import { moment, type Row } from '../output.ts'
import type { Act, Session } from '../session.ts'
import { UsageError } from '../usage-error.ts'

const DAY_MS = 86_400_000

export const addDeviceCommands = (program: Command, act: Act) => {
  const device = program.command('device').description('phones of an account')
  device.command('list <address>').description('its phones, and when they were last seen').action(act(list))
  device
    .command('block <address> <device>')
    .description('it may no longer synchronise')
    .action(act(block(true)))
  device
    .command('unblock <address> <device>')
    .description('it may again')
    .action(act(block(false)))
  device
    .command('release <address> <device>')
    .description('it is no longer slowed down for asking the same again and again')
    .action(act(release))
  device.command('show <address> <device>').description('everything that is known of it').action(act(show))
  device
    .command('wipe <address> <device>')
    .description('erase everything on it when it next comes, and block it')
    .option('--account-only', "erase this account's data alone; for devices that speak 16.1")
    .action(act(wipe))
  device
    .command('cancel-wipe <address> <device>')
    .description('it needs not be erased, if it was not yet')
    .action(act(cancelWipe))
  device
    .command('trace <address> <device>')
    .description('what it and Relais say to each other from now on, without content')
    .option('--for <time>', 'how long: 90s, 10m, 1h', '10m')
    .action(act(trace))
  device
    .command('recovery-password <address> <device>')
    .description('that unlocks it where its owner has forgotten the own password')
    .action(act(recoveryPassword))
  device
    .command('remove <address> <device>')
    .description('forget it; it begins anew if it comes back')
    .action(act(remove))
}

/** All devices of an account, page by page. */
async function* devicesOf({ connection }: Session, address: string): AsyncGenerator<Device> {
  const { tenant, account } = await accountOf(connection, address)
  let pageToken = ''
  do {
    const page = await connection.deviceSync.listDevices({ tenant, account, pageSize: 500, pageToken })
    yield* page.devices
    pageToken = page.nextPageToken
  } while (pageToken !== '')
}

const list = async (session: Session, address: string) => {
  const rows: Row[] = []
  for await (const device of devicesOf(session, address))
    rows.push({
      device: device.device,
      type: device.type,
      model: device.model || device.friendlyName,
      system: device.os,
      version: device.protocolVersion,
      blocked: device.blocked,
      wipe: wipeText(device),
      loops: loopText(device),
      waiting: device.held,
      'last seen': moment(device.lastSeenAt),
    })
  session.output.rows(rows)
}

const wipeText = ({ wipe, wipeState }: Device): string =>
  wipe === '' ? '-' : `${wipe === 'account' ? 'account only: ' : ''}${wipeState}`

/** What it does again and again, while it is slowed down for it or within a day. */
const loopText = ({ loop, loopAt }: Device): string =>
  loop === '' || Date.now() - loopAt > DAY_MS ? '-' : loop.replaceAll('_', ' ')

/** What the device made of its policy. */
const ACKNOWLEDGED = ['-', 'applied', 'applied in part', 'not applied', 'managed by others']

const shown = (device: Device): Row => ({
  device: device.device,
  type: device.type,
  model: device.model,
  name: device.friendlyName,
  system: device.os,
  'user agent': device.userAgent,
  version: device.protocolVersion,
  blocked: device.blocked,
  waiting: device.held,
  registered: moment(device.registeredAt),
  'last seen': moment(device.lastSeenAt),
  policy: ACKNOWLEDGED[device.policyStatus] ?? String(device.policyStatus),
  'policy since': moment(device.policyAcknowledgedAt),
  wipe: wipeText(device),
  'wipe requested': moment(device.wipe === '' ? 0 : device.wipeRequestedAt),
  'wipe answered': moment(device.wipe === '' ? 0 : device.wipeAnsweredAt),
  loops: device.loop === '' ? '-' : `${device.loop.replaceAll('_', ' ')} (${device.loopCommand})`,
  'loop seen': moment(device.loopAt),
  'times within a day': device.loopTimes,
  'slowed until': moment(device.slowedUntil > Date.now() ? device.slowedUntil : 0),
  'message in its way': device.loopItem === '' ? '-' : device.loopItem,
})

const show = async (session: Session, address: string, name: string) => {
  for await (const device of devicesOf(session, address))
    if (device.device === name) return session.output.rows([shown(device)])
  throw new UsageError(`${address} has no device ${name}`)
}

const wipe = async (
  { connection, output }: Session,
  address: string,
  device: string,
  { accountOnly = false }: { accountOnly?: boolean },
) => {
  const { tenant, account } = await accountOf(connection, address)
  await connection.deviceSync.wipeDevice({ tenant, account, device, accountOnly })
  const what = accountOnly ? `its data of ${address}` : 'everything on it'
  output.done(`device ${device} is told to erase ${what} when it next comes`, {
    address,
    device,
    accountOnly,
  })
}

const cancelWipe = async ({ connection, output }: Session, address: string, device: string) => {
  const { tenant, account } = await accountOf(connection, address)
  await connection.deviceSync.cancelWipe({ tenant, account, device })
  output.done(`device ${device} of ${address} needs not be erased`, { address, device })
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 }
const MAX_SECONDS = 3600

const secondsOf = (text: string): number => {
  const [, count = '', unit = ''] = /^(\d{1,4})([smh])$/.exec(text) ?? []
  const seconds = Number(count) * (UNITS[unit] ?? 0)
  if (seconds < 1 || seconds > MAX_SECONDS) throw new UsageError('--for takes 90s, 10m, 1h; at most an hour')
  return seconds
}

/** The device chooses some of it: nothing of that steers a terminal. */
const printable = (text: string): string => text.replace(/[^\P{Cc}\n]/gu, '\ufffd')

const trace = async (
  { connection, output }: Session,
  address: string,
  device: string,
  { for: time = '10m' }: { for?: string },
) => {
  const seconds = secondsOf(time)
  const { tenant, account } = await accountOf(connection, address)
  const request = { tenant, account, device, seconds }
  output.progress(`waiting for ${device}; ends after ${time}`)
  for await (const { at, kind, correlation, text } of connection.deviceSync.traceDevice(request, {
    timeoutMs: (seconds + 30) * 1000,
  })) {
    const arrow = kind === 'request' ? '>' : '<'
    const line = `\n${new Date(at).toISOString()} ${arrow} ${correlation}\n${printable(text)}`
    output.done(line, { at, kind, correlation, text })
  }
}

const block =
  (blocked: boolean) =>
  async ({ connection, output }: Session, address: string, device: string) => {
    const { tenant, account } = await accountOf(connection, address)
    await connection.deviceSync.blockDevice({ tenant, account, device, blocked })
    output.done(`device ${device} of ${address} is ${blocked ? 'blocked' : 'free'}`, {
      address,
      device,
      blocked,
    })
  }

const release = async ({ connection, output }: Session, address: string, device: string) => {
  const { tenant, account } = await accountOf(connection, address)
  const { released } = await connection.deviceSync.releaseDevice({ tenant, account, device })
  const line = released ? 'is no longer slowed down' : 'was not slowed down'
  output.done(`device ${device} of ${address} ${line}`, { address, device, released })
}

const remove = async ({ connection, output }: Session, address: string, device: string) => {
  const { tenant, account } = await accountOf(connection, address)
  await connection.deviceSync.removeDevice({ tenant, account, device })
  output.done(`device ${device} of ${address} is forgotten`, { address, device })
}

const recoveryPassword = async ({ connection, output }: Session, address: string, device: string) => {
  const { tenant, account } = await accountOf(connection, address)
  const { password, givenAt } = await connection.deviceSync.getRecoveryPassword({ tenant, account, device })
  if (password === '')
    throw new UsageError(`${device} has given none: its policy must have PasswordRecoveryEnabled=1`)
  output.done(password, { address, device, password, given: moment(givenAt) })
}
