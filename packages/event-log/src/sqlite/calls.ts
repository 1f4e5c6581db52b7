import type { Erased, EraseRequest } from './erasure.ts'
import type { AppendRequest, AppendResult } from './writer.ts'

/** Frames in the WAL, and how many of them are in the file already. */
export type WalState = { readonly frames: number; readonly copied: number; readonly busy: boolean }

/** What the writer thread does, in the order it is asked. */
export type WriterCalls = {
  append: {
    request: { readonly commits: readonly AppendRequest[]; readonly now: number }
    answer: { readonly results: readonly AppendResult[]; readonly walFrames: number }
  }
  erase: { request: EraseRequest; answer: Erased }
  /** Copies what is left of the WAL, so that the next append starts it again; `truncate` cuts the file to nothing. */
  checkpoint: { request: { readonly truncate: boolean }; answer: WalState }
  close: { request: undefined; answer: undefined }
}

/** What the upkeep thread does while the writer goes on. */
export type UpkeepCalls = {
  checkpoint: { request: undefined; answer: WalState }
  backup: { request: { readonly target: string }; answer: undefined }
  close: { request: undefined; answer: undefined }
}
