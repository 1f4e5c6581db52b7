import type { StoredCommit } from '@relais/event-log'
import type { ReadModel, Writer } from '@relais/read-store'
import { DEVICE_SYNC, type DeviceEvent, deviceEvents } from '../device/events.ts'

type Owner = readonly [tenant: string, account: string]

const insert = (
  writer: Writer,
  owner: Owner,
  { device, type, userAgent, protocolVersion }: Extract<DeviceEvent, { type: 'DeviceRegistered' }>['payload'],
  at: number,
) =>
  writer.write(
    `INSERT INTO devices (tenant, account, device, type, user_agent, protocol_version, registered_at) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (tenant, account, device) DO UPDATE SET type = excluded.type, user_agent = excluded.user_agent,
     protocol_version = excluded.protocol_version, registered_at = excluded.registered_at, blocked = 0, informed = 0, policy_key = 0, policy_hash = '',
     policy_status = 0, policy_at = 0, wipe = '', wipe_state = '', wipe_requested_at = 0, wipe_answered_at = 0`,
    ...[...owner, device, type, userAgent, protocolVersion, at],
  )

const inform = (
  writer: Writer,
  owner: Owner,
  information: Extract<DeviceEvent, { type: 'DeviceInformationSet' }>['payload'],
) => {
  const { device, model, friendlyName, os, osLanguage, phoneNumber, mobileOperator, imei, userAgent } =
    information
  return writer.write(
    `UPDATE devices SET informed = 1, model = ?, friendly_name = ?, os = ?, os_language = ?, phone_number = ?,
     mobile_operator = ?, imei = ?, own_user_agent = ? WHERE tenant = ? AND account = ? AND device = ?`,
    ...[model, friendlyName, os, osLanguage, phoneNumber, mobileOperator, imei, userAgent, ...owner, device],
  )
}

const acknowledge = (
  writer: Writer,
  owner: Owner,
  {
    device,
    policyKey,
    policyHash,
    status,
  }: Extract<DeviceEvent, { type: 'DevicePolicyAcknowledged' }>['payload'],
  at: number,
) =>
  writer.write(
    `UPDATE devices SET policy_key = ?, policy_hash = ?, policy_status = ?, policy_at = ?
     WHERE tenant = ? AND account = ? AND device = ?`,
    ...[policyKey, policyHash, status, at, ...owner, device],
  )

/** Allowed again, a wipe that was done is over; one that wasn't is still wanted. */
const block = (writer: Writer, owner: Owner, { device, blocked }: { device: string; blocked: boolean }) =>
  blocked
    ? writer.write(
        'UPDATE devices SET blocked = 1 WHERE tenant = ? AND account = ? AND device = ?',
        ...owner,
        device,
      )
    : writer.write(
        `UPDATE devices SET blocked = 0, wipe = CASE WHEN wipe_state = 'done' THEN '' ELSE wipe END,
         wipe_state = CASE WHEN wipe_state = 'done' THEN '' ELSE wipe_state END
         WHERE tenant = ? AND account = ? AND device = ?`,
        ...owner,
        device,
      )

const requestWipe = (
  writer: Writer,
  owner: Owner,
  { device, accountOnly }: { device: string; accountOnly: boolean },
  at: number,
) =>
  writer.write(
    `UPDATE devices SET wipe = ?, wipe_state = 'requested', wipe_requested_at = ?, wipe_answered_at = 0
     WHERE tenant = ? AND account = ? AND device = ?`,
    ...[accountOnly ? 'account' : 'device', at, ...owner, device],
  )

const cancelWipe = (writer: Writer, owner: Owner, device: string) =>
  writer.write(
    "UPDATE devices SET wipe = '', wipe_state = '' WHERE tenant = ? AND account = ? AND device = ?",
    ...owner,
    device,
  )

const answerWipe = (
  writer: Writer,
  owner: Owner,
  { device, done }: { device: string; done: boolean },
  at: number,
) =>
  writer.write(
    `UPDATE devices SET wipe_state = ?, wipe_answered_at = ?, blocked = CASE WHEN ? = 1 THEN 1 ELSE blocked END
     WHERE tenant = ? AND account = ? AND device = ? AND wipe <> ''`,
    ...[done ? 'done' : 'failed', at, done ? 1 : 0, ...owner, device],
  )

const remove = (writer: Writer, owner: Owner, device: string) =>
  writer.write('DELETE FROM devices WHERE tenant = ? AND account = ? AND device = ?', ...owner, device)

/** The account is deleted; its stream's head goes too: nothing of the account's name stays. */
const erase = async (writer: Writer, owner: Owner): Promise<void> => {
  await writer.write('DELETE FROM devices WHERE tenant = ? AND account = ?', ...owner)
  await writer.write('DELETE FROM device_streams WHERE tenant = ? AND account = ?', ...owner)
}

const apply = (writer: Writer, owner: Owner, event: DeviceEvent, at: number): Promise<unknown> => {
  switch (event.type) {
    case 'DeviceRegistered':
      return insert(writer, owner, event.payload, at)
    case 'DeviceInformationSet':
      return inform(writer, owner, event.payload)
    case 'DevicePolicyAcknowledged':
      return acknowledge(writer, owner, event.payload, at)
    case 'DeviceBlocked':
      return block(writer, owner, event.payload)
    case 'DeviceWipeRequested':
      return requestWipe(writer, owner, event.payload, at)
    case 'DeviceWipeCancelled':
      return cancelWipe(writer, owner, event.payload.device)
    case 'DeviceWipeAnswered':
      return answerWipe(writer, owner, event.payload, at)
    case 'DeviceRemoved':
      return remove(writer, owner, event.payload.device)
    case 'DevicesErased':
      return erase(writer, owner)
  }
}

const moveHead = (writer: Writer, owner: Owner, position: number) =>
  writer.write(
    `INSERT INTO device_streams (tenant, account, head) VALUES (?, ?, ?)
     ON CONFLICT (tenant, account) DO UPDATE SET head = excluded.head`,
    ...[...owner, position],
  )

/** Devices by account, as administrators list them and decisions read them. */
export const deviceReadModel: ReadModel = {
  name: DEVICE_SYNC,
  version: 2,
  service: DEVICE_SYNC,
  accountsApart: true,
  schema: [
    `CREATE TABLE devices (
      tenant TEXT NOT NULL, account TEXT NOT NULL, device TEXT NOT NULL,
      type TEXT NOT NULL, user_agent TEXT NOT NULL, protocol_version TEXT NOT NULL, registered_at BIGINT NOT NULL,
      blocked SMALLINT NOT NULL DEFAULT 0, informed SMALLINT NOT NULL DEFAULT 0,
      model TEXT NOT NULL DEFAULT '', friendly_name TEXT NOT NULL DEFAULT '', os TEXT NOT NULL DEFAULT '',
      os_language TEXT NOT NULL DEFAULT '', phone_number TEXT NOT NULL DEFAULT '', mobile_operator TEXT NOT NULL DEFAULT '',
      imei TEXT NOT NULL DEFAULT '', own_user_agent TEXT NOT NULL DEFAULT '',
      policy_key BIGINT NOT NULL DEFAULT 0, policy_hash TEXT NOT NULL DEFAULT '', policy_status SMALLINT NOT NULL DEFAULT 0,
      policy_at BIGINT NOT NULL DEFAULT 0, wipe TEXT NOT NULL DEFAULT '', wipe_state TEXT NOT NULL DEFAULT '',
      wipe_requested_at BIGINT NOT NULL DEFAULT 0, wipe_answered_at BIGINT NOT NULL DEFAULT 0,
      PRIMARY KEY (tenant, account, device))`,
    // Position of the stream's last commit: what decisions expect.
    'CREATE TABLE device_streams (tenant TEXT NOT NULL, account TEXT NOT NULL, head BIGINT NOT NULL, PRIMARY KEY (tenant, account))',
  ],
  async project(writer: Writer, commit: StoredCommit): Promise<void> {
    const owner = [commit.stream.tenant, commit.stream.account] as const
    await moveHead(writer, owner, commit.position)
    for (const stored of commit.events) {
      const event = deviceEvents.decode(stored)
      if (event.type !== 'unknown') await apply(writer, owner, event, commit.at)
    }
  },
}
