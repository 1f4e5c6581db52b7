import type { MobilePolicy } from '@relais/mobile-policy'

/** What 2.5 can say of a policy, by where Windows Mobile keeps it: values of the registry below LASSD, and its security policies. */
const LASSD = 'HKLM\\Comm\\Security\\Policy\\LASSD'
const LOCK = `${LASSD}\\AE\\{50C13377-C66D-400C-889E-C316FC4AB374}`
const PASSWORD = `${LASSD}\\LAP\\lap_pw`

/** Security policy "password required": 0 yes, 1 no. */
const PASSWORD_REQUIRED = '4131'

const MINUTE = 60
const NEVER = 9999

type Parameter = { readonly key: string; readonly name: string; readonly value: number }

const parameter = (key: string, name: string, value: number): Parameter => ({ key, name, value })

/** MaxInactivityTimeDeviceLock is in seconds, AEFrequencyValue in minutes; 9999 and more: never. */
const lock = (seconds: number): readonly Parameter[] =>
  seconds >= NEVER
    ? [parameter(LOCK, 'AEFrequencyType', 0)]
    : [
        parameter(LOCK, 'AEFrequencyType', 1),
        parameter(LOCK, 'AEFrequencyValue', Math.max(1, Math.ceil(seconds / MINUTE))),
      ]

/** By rule of MS-ASPROV; the others came with 12.0 and can't be said. */
const parameters: Readonly<Record<string, (value: number) => readonly Parameter[]>> = {
  MaxInactivityTimeDeviceLock: lock,
  MaxDevicePasswordFailedAttempts: (times) => [parameter(LASSD, 'DeviceWipeThreshold', times)],
  MinDevicePasswordLength: (length) => [parameter(PASSWORD, 'MinimumPasswordLength', length)],
  // 0 letters and digits, 2 anything.
  AlphanumericDevicePasswordRequired: (yes) => [parameter(PASSWORD, 'PasswordComplexity', yes === 1 ? 0 : 2)],
}

const parm = ({ name, value }: Pick<Parameter, 'name' | 'value'>): string =>
  `<parm name="${name}" value="${value}"/>`

const characteristic = (type: string, inner: string): string =>
  `<characteristic type="${type}">${inner}</characteristic>`

const registry = (given: readonly Parameter[]): string => {
  if (given.length === 0) return ''
  const keys = [...Map.groupBy(given, ({ key }) => key)]
  const inner = keys.map(([key, of]) => characteristic(key, of.map(parm).join(''))).join('')
  return characteristic('Registry', inner)
}

/** A policy as MS-WAP-Provisioning-XML (MS-ASPROV 2.2.2.43, for 2.5 alone); undefined: there is nothing in it that 2.5 can say. */
export const wapDocument = ({ entries }: MobilePolicy): string | undefined => {
  const said = (name: string) => entries.find((entry) => entry.name === name)?.values[0]
  const required = said('DevicePasswordEnabled')
  if (required === undefined) return undefined
  const security = parm({ name: PASSWORD_REQUIRED, value: required === '1' ? 0 : 1 })
  // Without a password the other rules mean nothing ([PROV 652]).
  const rules = required === '1' ? Object.entries(parameters) : []
  const given = rules.flatMap(([name, say]) => {
    const value = said(name)
    return value === undefined ? [] : say(Number(value))
  })
  return `<wap-provisioningdoc>${characteristic('SecurityPolicy', security)}${registry(given)}</wap-provisioningdoc>`
}
