import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Family, familyOf } from './families.ts'

type Row = [family: Family, deviceType: string, userAgent: string, deviceId: string]

const clients: readonly Row[] = [
  ['ios', 'iPhone', 'Apple-iPhone14C2/1904.1', 'APPLF17L2KX1'],
  ['ios', 'iPad', 'Apple-iPad11C3/1801.2', '5HD8SL0N6D1C5'],
  ['ios', 'iPod', 'Apple-iPod2C1/508.11', 'Appl9C808MH40JW'],
  ['android', 'Android', 'Android/4.4.2-EAS-1.3', 'androidc259148960'],
  ['android', 'MotoAndroidMail', 'Motorola/1.0', 'moto123'],
  ['gmail', 'Android', 'Android-Mail/2026.01.05.release', 'android1234567890'],
  ['samsung', 'SAMSUNGSMG900F', 'SAMSUNG-SM-G900F/101.60001', 'SEC1CAB12345ABC'],
  ['samsung', 'SamsungDevice', 'Samsung Email/6.1', 'SEC22F6C2'],
  ['outlook-desktop', 'WindowsOutlook15', 'Microsoft.Outlook.15', '0F2DCA8E6CC4D04A'],
  ['outlook-desktop', 'WindowsOutlook', 'Outlook/16.0', 'A1'],
  ['outlook-mobile', 'Outlook', 'Outlook-iOS-Android/1.0', '9E7F4B5F6AA2D3C1'],
  ['windows-phone', 'WP8', 'MSFT-WP/8.10.14219', 'A6D8B2'],
  ['windows-phone', 'WP', 'MSFT-WP/7.10.8773', 'A6D8B2'],
  ['windows-mail', 'WindowsMail', 'MSFT-WIN-3/6.3.9600', 'BE'],
  ['windows-mail', 'UniversalOutlook', 'MSFT-WIN-4/10.0', 'BE'],
  ['nine', 'Android', 'Nine/4.9', 'nine0123456789'],
  ['nine', 'Android', 'SM-G900/1', '6e696e65303132333435363738'],
  ['blackberry', 'BlackBerry', 'RIM-Z10-STL100-2/10.3', 'BB2100000000'],
  ['tbsync', 'Thunderbird', 'Thunderbird ActiveSync', 'MZTB123456'],
  ['unknown', 'SmartPhone', 'curl/8', 'v140Device'],
]

describe('the family of a client', () => {
  for (const [family, deviceType, userAgent, deviceId] of clients)
    test(`${deviceType}, ${userAgent} is ${family}`, () =>
      assert.equal(familyOf({ deviceType, userAgent, deviceId }).family, family))

  const of = (deviceType: string, userAgent = '') => familyOf({ deviceType, userAgent, deviceId: 'x' })

  test('MS-ASCMD <20>: Windows says late what it is', () => {
    assert.equal(of('WP8').lateDeviceInformation, true)
    assert.equal(of('WindowsMail').lateDeviceInformation, true)
    assert.equal(of('iPhone').lateDeviceInformation, false)
  })
})
