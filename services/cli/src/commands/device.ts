import type { Command } from 'commander'
import { accountOf } from '../accounts.ts'
import { moment, type Row } from '../output.ts'
import type { Act, Session } from '../session.ts'

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
    .command('remove <address> <device>')
    .description('forget it; it begins anew if it comes back')
    .action(act(remove))
}

const list = async ({ connection, output }: Session, address: string) => {
  const { tenant, account } = await accountOf(connection, address)
  const rows: Row[] = []
  let pageToken = ''
  do {
    const page = await connection.deviceSync.listDevices({ tenant, account, pageSize: 500, pageToken })
    for (const device of page.devices)
      rows.push({
        device: device.device,
        type: device.type,
        model: device.model || device.friendlyName,
        system: device.os,
        version: device.protocolVersion,
        blocked: device.blocked,
        waiting: device.held,
        'last seen': moment(device.lastSeenAt),
      })
    pageToken = page.nextPageToken
  } while (pageToken !== '')
  output.rows(rows)
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

const remove = async ({ connection, output }: Session, address: string, device: string) => {
  const { tenant, account } = await accountOf(connection, address)
  await connection.deviceSync.removeDevice({ tenant, account, device })
  output.done(`device ${device} of ${address} is forgotten`, { address, device })
}
