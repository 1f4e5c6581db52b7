import type { WriterCalls } from './calls.ts'
import { Erasure } from './erasure.ts'
import { openForWriting } from './schema.ts'
import { serve } from './thread-server.ts'
import { Wal } from './wal.ts'
import { Writer } from './writer.ts'

serve<WriterCalls>(
  (file) => {
    const db = openForWriting(file)
    const writer = new Writer(db)
    const erasure = new Erasure(db)
    const wal = new Wal(db)
    return {
      append: ({ commits, now }) => ({ results: writer.append(commits, now), walFrames: wal.state().frames }),
      erase: (request) => {
        writer.forgetStreams()
        return erasure.step(request, writer.last)
      },
      checkpoint: ({ truncate }) => wal.checkpoint(truncate ? 'TRUNCATE' : 'PASSIVE'),
      close: () => void db.close(),
    }
  },
  { append: 'append', erase: 'erase', checkpoint: 'copy its journal', close: 'close' },
)
