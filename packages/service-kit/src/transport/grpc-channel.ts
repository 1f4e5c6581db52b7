import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js'

// grpc-js writes to standard error by itself what it also reports as errors, which we log.
setLogVerbosity(logVerbosity.NONE)

/** Largest single message, either way, in bytes. Larger content travels as a stream. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024

/** Of every channel. No proxy from the environment: calls between services stay inside. */
export const LIMITS = {
  'grpc.enable_http_proxy': 0,
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
}

/** `host:port` with brackets where an IPv6 address needs them. */
export const addressOf = (host: string, port: number): string =>
  host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`
