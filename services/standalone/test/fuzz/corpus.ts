/**
 * Requests that a parser once stumbled over, or might, as short as they get: played in every run. A run that finds a new one prints it
 * in this form.
 */
export type Case = {
  readonly name: string
  readonly command: string
  readonly version: '2.5' | '12.0' | '12.1' | '14.0' | '14.1' | '16.0' | '16.1'
  /** Bytes of the body in hex. */
  readonly body: string
}

export const CORPUS: readonly Case[] = [
  { name: 'one byte', command: 'FolderSync', version: '16.1', body: '00' },
  { name: 'a header and nothing else', command: 'Sync', version: '14.1', body: '03016a00' },
  { name: 'a root without its end', command: 'Ping', version: '16.1', body: '03016a00000d45' },
  {
    name: 'a control character in a CollectionId',
    command: 'Sync',
    version: '2.5',
    body: '03016a00455c4f4b03300001520301696e626f780001010101',
  },
  {
    name: 'a line end in a CollectionId',
    command: 'GetItemEstimate',
    version: '2.5',
    body: '03016a00000645474800004b03300001000 64a030d0a696e626f780001010101'.replaceAll(' ', ''),
  },
  { name: 'an empty Sync tag', command: 'Sync', version: '2.5', body: '03016a0005' },
  { name: 'Collections without one', command: 'Sync', version: '12.0', body: '03016a00451c01' },
  {
    name: 'a Collection without anything',
    command: 'Sync',
    version: '12.0',
    body: '03016a00455c0f0101',
  },
  {
    name: 'a key within a key',
    command: 'Sync',
    version: '2.5',
    body: '03016a00455c4f4b4b0330000101010101',
  },
  {
    name: 'a Truncation that is too large',
    command: 'Sync',
    version: '2.5',
    body: '03016a00455c4f4b0330000152 03696e626f7800 01 57 59 033939 00 01 01 01 01 01'.replaceAll(' ', ''),
  },
  {
    name: 'a filter where 12.1 has it, twice',
    command: 'GetItemEstimate',
    version: '12.1',
    body: '03016a00000645474800005803330001580333000101000601 01'.replaceAll(' ', ''),
  },
  {
    name: 'an opaque key',
    command: 'FolderSync',
    version: '14.0',
    body: '03016a0000075652c3013001 01'.replaceAll(' ', ''),
  },
  {
    name: 'a length of four gigabytes',
    command: 'SendMail',
    version: '16.1',
    body: '03016a00001545 50c38fffffff7f'.replaceAll(' ', ''),
  },
  { name: 'a message of one line end', command: 'SendMail', version: '12.1', body: '0d0a' },
  { name: 'a message that is NUL', command: 'SmartReply', version: '2.5', body: '00000000' },
  { name: 'code page 255', command: 'Settings', version: '16.1', body: '03016a0000ff45' },
  { name: 'a document for GetHierarchy', command: 'GetHierarchy', version: '2.5', body: '03016a0000070501' },
]
