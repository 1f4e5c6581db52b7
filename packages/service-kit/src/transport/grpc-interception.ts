import type { Http2Session, Http2Stream } from 'node:http2'
import {
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from '@grpc/grpc-js'
import { DEADLINE, PEER_SERVICES } from './metadata.ts'
import { servicesIn } from './peer-name.ts'

/**
 * What grpc-js 1.14.7 must be helped with, on every call a server gets:
 * - it keeps `grpc-timeout` to itself: handlers get the deadline that it made of it under a name of ours;
 * - it tells a reset stream as one that ended: the end is only passed on when it was one, the cancellation follows by
 *   itself. (Our own clients say when a stream is whole: `stream-end.ts`.)
 * Also, what the caller's certificate says it is: nice-grpc doesn't pass it on.
 */
const intercept: ServerInterceptor = (_method, call) =>
  new ServerInterceptingCall(call, {
    start: (next) =>
      next({
        onReceiveMetadata: (metadata, pass) => {
          metadata.set(DEADLINE, String(Number(call.getDeadline())))
          metadata.set(PEER_SERVICES, servicesOf(call))
          pass(metadata)
        },
        onReceiveHalfClose: (pass) => {
          if (!isBroken(call)) pass()
        },
      }),
  })

/** grpc-js has no public way to its HTTP/2 stream. */
const streamOf = (call: ServerInterceptingCallInterface): Http2Stream => Reflect.get(call, 'stream')

const isBroken = (call: ServerInterceptingCallInterface): boolean => {
  const stream = streamOf(call)
  return stream.aborted || stream.destroyed
}

/** A certificate is that of a whole connection: read once. */
const known = new WeakMap<Http2Session, string>()

const servicesOf = (call: ServerInterceptingCallInterface): string => {
  const { session } = streamOf(call)
  if (session === undefined) return ''
  const services =
    known.get(session) ?? servicesIn(call.getAuthContext().sslPeerCertificate?.subjectaltname).join(' ')
  known.set(session, services)
  return services
}

/** Options for a server: grpc-js takes interceptors among them, nice-grpc passes them on without saying so. */
export const interception = { interceptors: [intercept] } as object
