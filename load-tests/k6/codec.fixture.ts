// What the test of the bundle calls: the bundle is no module that could be imported.
export {
  /** @public */
  decodeWbxml,
} from '@relais/device-sync/wbxml/decode.ts'
export {
  /** @public */
  encodeWbxml,
} from '@relais/device-sync/wbxml/encode.ts'
