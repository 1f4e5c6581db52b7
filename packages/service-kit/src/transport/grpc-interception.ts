import type { Http2Stream } from 'node:http2'
import {
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from '@grpc/grpc-js'
import { DEADLINE } from './metadata.ts'

/**
 * What grpc-js 1.14.7 must be helped with, on every call a server gets:
 * - it keeps `grpc-timeout` to itself: handlers get the deadline that it made of it under a name of ours;
 * - it tells a reset stream as one that ended: the end is only passed on when it was one, the cancellation follows by
 *   itself. (Our own clients say when a stream is whole: `stream-end.ts`.)
 */
const intercept: ServerInterceptor = (_method, call) =>
  new ServerInterceptingCall(call, {
    start: (next) =>
      next({
        onReceiveMetadata: (metadata, pass) => {
          metadata.set(DEADLINE, String(Number(call.getDeadline())))
          pass(metadata)
        },
        onReceiveHalfClose: (pass) => {
          if (!isBroken(call)) pass()
        },
      }),
  })

/** grpc-js has no public way to its HTTP/2 stream. */
const isBroken = (call: ServerInterceptingCallInterface): boolean => {
  const stream: Http2Stream = Reflect.get(call, 'stream')
  return stream.aborted || stream.destroyed
}

/** Options for a server: grpc-js takes interceptors among them, nice-grpc passes them on without saying so. */
export const interception = { interceptors: [intercept] } as object
