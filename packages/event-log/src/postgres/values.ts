/** PostgreSQL's numbers of its types (pg_type.oid). */
const BOOLEAN = 16
const BYTEA = 17
const INT8 = 20
const INT4 = 23

/** Values come as text (the driver knows no other form): bytes as \x and hex digits, positions as numbers (far under 2^53). */
const PARSERS: Readonly<Record<number, (text: string) => unknown>> = {
  [BOOLEAN]: (text) => text === 't',
  [BYTEA]: (text) => plain(Buffer.from(text.slice(2), 'hex')),
  [INT8]: Number,
  [INT4]: Number,
}

const plain = ({ buffer, byteOffset, length }: Buffer) => new Uint8Array(buffer, byteOffset, length)

const asText = (text: string) => text

/** How the driver reads values. */
export const types = { getTypeParser: (oid: number) => PARSERS[oid] ?? asText }
