import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js'

// grpc-js writes to standard error by itself what it also reports as errors, which we log.
setLogVerbosity(logVerbosity.NONE)

/** Largest single message, either way, in bytes, where nothing else is said. Larger content travels as a stream. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024

/** The same between services, whose callers are known before a byte of a message is read: a whole message as it is for a phone, with room for what surrounds it. */
export const MAX_PEER_MESSAGE_BYTES = 80 * 1024 * 1024

/** No proxy from the environment: calls between services stay inside. */
export const limitsOf = (maxMessageBytes: number) => ({
  'grpc.enable_http_proxy': 0,
  'grpc.max_receive_message_length': maxMessageBytes,
  'grpc.max_send_message_length': maxMessageBytes,
})

/** A peer that is gone without a word is noticed while calls wait for it; one that comes back is found within seconds (grpc-js adds jitter). */
export const STEADY = {
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.initial_reconnect_backoff_ms': 250,
  // Whatever its name says, so long may a connection take, the handshake too: a busy peer needs more than a moment.
  'grpc.min_reconnect_backoff_ms': 5_000,
  'grpc.max_reconnect_backoff_ms': 2_000,
}

/** `host:port` with brackets where an IPv6 address needs them. */
export const addressOf = (host: string, port: number): string =>
  host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`
