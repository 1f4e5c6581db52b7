/** Largest single message, either way, in bytes. Larger content travels as a stream. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024

export const LIMITS = {
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
}

/** `host:port` with brackets where an IPv6 address needs them. */
export const addressOf = (host: string, port: number): string =>
  host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`
