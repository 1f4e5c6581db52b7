import { invalid } from './arguments.ts'

type Part<Header> =
  | { readonly $case: 'header'; readonly value: Header }
  | { readonly $case: 'chunk'; readonly value: Uint8Array }
  | undefined

type Request<Header> = { readonly part?: Part<Header> }

/** A message of a stream: its header, and its bytes as they come. */
export type Chunked<Header> = { readonly header: Header; readonly chunks: AsyncIterable<Uint8Array> }

/** Reads a stream of one header and the chunks of one message. */
export const readChunked = async <Header>(
  requests: AsyncIterable<Request<Header>>,
): Promise<Chunked<Header>> => {
  const parts = requests[Symbol.asyncIterator]()
  const { value, done } = await parts.next()
  const part = done ? undefined : value.part
  if (part?.$case !== 'header') throw invalid('the first part of the stream must be its header')
  return { header: part.value, chunks: chunksOf(parts) }
}

async function* chunksOf<Header>(parts: AsyncIterator<Request<Header>>): AsyncGenerator<Uint8Array, void> {
  try {
    for (;;) {
      const { value, done } = await parts.next()
      if (done) return
      if (value.part?.$case !== 'chunk') throw invalid('only chunks follow the header')
      yield value.part.value
    }
  } finally {
    await parts.return?.()
  }
}
