/** One element of an EASProvisionDoc (MS-ASPROV 2.2.2): what its value may be, and in which protocol versions (times ten) it is said. */
export type PolicyRule = {
  /** `list`: names or hashes, each in an element `item` of its own. */
  readonly kind: 'boolean' | 'number' | 'list'
  readonly from: number
  readonly to: number
  /** Of a number. */
  readonly accepts: (value: number) => boolean
  /** Of a list. */
  readonly item: string
}

const LAST = 161

type Versions = { readonly from?: number; readonly to?: number }

const any = () => true

const yesOrNo = ({ from = 121, to = LAST }: Versions = {}): PolicyRule => ({
  ...{ kind: 'boolean', from, to, accepts: any, item: '' },
})

const number = (
  accepts: (value: number) => boolean,
  { from = 121, to = LAST }: Versions = {},
): PolicyRule => ({
  ...{ kind: 'number', from, to, accepts, item: '' },
})

const between = (min: number, max: number) => (value: number) => value >= min && value <= max
const oneOf =
  (...values: readonly number[]) =>
  (value: number) =>
    values.includes(value)

const list = (item: string): PolicyRule => ({ kind: 'list', from: 121, to: LAST, accepts: any, item })

const OLD = { from: 120 }
const UINT = between(0, 0xffffffff)

/** All of them, in the order of code page 14, which is the schema's: a document says them in this order. */
export const RULES: ReadonlyMap<string, PolicyRule> = new Map(
  Object.entries({
    DevicePasswordEnabled: yesOrNo(OLD),
    AlphanumericDevicePasswordRequired: yesOrNo(OLD),
    PasswordRecoveryEnabled: yesOrNo(OLD),
    RequireStorageCardEncryption: yesOrNo(),
    AttachmentsEnabled: yesOrNo(OLD),
    MinDevicePasswordLength: number(between(1, 16), OLD),
    // Seconds; 9999 and more: never.
    MaxInactivityTimeDeviceLock: number(UINT, OLD),
    MaxDevicePasswordFailedAttempts: number(between(4, 16), { from: 120, to: 160 }),
    // Bytes.
    MaxAttachmentSize: number(UINT, OLD),
    AllowSimpleDevicePassword: yesOrNo(OLD),
    // Days; 0: never.
    DevicePasswordExpiration: number(UINT, OLD),
    DevicePasswordHistory: number(UINT, OLD),
    AllowStorageCard: yesOrNo(),
    AllowCamera: yesOrNo(),
    RequireDeviceEncryption: yesOrNo(),
    AllowUnsignedApplications: yesOrNo(),
    AllowUnsignedInstallationPackages: yesOrNo(),
    MinDevicePasswordComplexCharacters: number(between(1, 4)),
    AllowWiFi: yesOrNo(),
    AllowTextMessaging: yesOrNo(),
    AllowPOPIMAPEmail: yesOrNo(),
    // 0 off, 1 hands-free only, 2 on.
    AllowBluetooth: number(between(0, 2)),
    AllowIrDA: yesOrNo(),
    RequireManualSyncWhenRoaming: yesOrNo(),
    AllowDesktopSync: yesOrNo(),
    MaxCalendarAgeFilter: number(oneOf(0, 4, 5, 6, 7), { to: 160 }),
    AllowHTMLEmail: yesOrNo(),
    MaxEmailAgeFilter: number(between(0, 5)),
    // KB; -1: whole, 0: the header only.
    MaxEmailBodyTruncationSize: number(between(-1, 0x7fffffff)),
    MaxEmailHTMLBodyTruncationSize: number(between(-1, 0x7fffffff)),
    RequireSignedSMIMEMessages: yesOrNo(),
    RequireEncryptedSMIMEMessages: yesOrNo(),
    // 0 SHA-1, 1 MD5.
    RequireSignedSMIMEAlgorithm: number(between(0, 1)),
    // 0 Triple DES, 1 DES, 2 to 4 RC2 of 128, 64, 40 bits.
    RequireEncryptionSMIMEAlgorithm: number(between(0, 4)),
    // 0 no, 1 strong ones, 2 any.
    AllowSMIMEEncryptionAlgorithmNegotiation: number(between(0, 2)),
    AllowSMIMESoftCerts: yesOrNo(),
    AllowBrowser: yesOrNo(),
    AllowConsumerEmail: yesOrNo(),
    AllowRemoteDesktop: yesOrNo(),
    AllowInternetSharing: yesOrNo(),
    UnapprovedInROMApplicationList: list('ApplicationName'),
    ApprovedApplicationList: list('Hash'),
  } satisfies Record<string, PolicyRule>),
)
