export { decodeWbxml } from '@relais/device-sync/wbxml/decode.ts'
export { encodeWbxml } from '@relais/device-sync/wbxml/encode.ts'
