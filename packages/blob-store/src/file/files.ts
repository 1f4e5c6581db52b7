import { fdatasync, fsync, open, read, rename, unlink, write } from 'node:fs'

type Done<T> = (error: NodeJS.ErrnoException | null, value: T) => void

const promised = <T>(call: (done: Done<T>) => void): Promise<T> =>
  new Promise((resolve, reject) => call((error, value) => (error ? reject(error) : resolve(value))))

// FileHandle of fs/promises costs about twice the CPU of the callbacks for a file of 14 KB.
export const openFile = (path: string, flags: string) =>
  promised<number>((done) => open(path, flags, 0o600, done))
export const syncFile = (fd: number) =>
  promised<void>((done) => fdatasync(fd, (error) => done(error ?? null)))
export const syncFolder = (fd: number) => promised<void>((done) => fsync(fd, (error) => done(error ?? null)))
export const renameFile = (from: string, to: string) =>
  promised<void>((done) => rename(from, to, (error) => done(error ?? null)))
export const unlinkFile = (path: string) =>
  promised<void>((done) => unlink(path, (error) => done(error ?? null)))

const writeSome = (fd: number, bytes: Uint8Array) =>
  promised<number>((done) => write(fd, bytes, 0, bytes.length, null, done))

/** Writes all bytes at the file's position. */
export const writeAll = async (fd: number, bytes: Uint8Array): Promise<void> => {
  let rest = bytes
  while (rest.length > 0) rest = rest.subarray(await writeSome(fd, rest))
}

/** Reads into `target` from a place in the file; returns how many bytes there were. */
export const readInto = (fd: number, target: Uint8Array, at: number) =>
  promised<number>((done) => read(fd, target, 0, target.length, at, done))
