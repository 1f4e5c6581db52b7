/** Messages of 2 to 60 KB, median 14 KB, plain and HTML: the mix the budgets name. The n-th is always the same. */
export const message = (n: number, subject = `Message ${n}`): Buffer => {
  const boundary = `=_b${n}`
  const size = sizeOf(n)
  const date = new Date(Date.UTC(2026, 0, 1) + n * 60_000).toUTCString().replace('GMT', '+0000')
  const plain = words(n, Math.floor(size / 4))
  const html = `<html><body>${words(n + 1, Math.floor(size / 2)).replace(/\r\n\r\n/g, '</p>\r\n<p>')}</body></html>`
  return Buffer.from(
    [
      `From: Sender ${n % 97} <sender${n % 97}@elsewhere.example>`,
      'To: somebody@load.example',
      `Subject: ${subject}`,
      `Date: ${date}`,
      `Message-ID: <${n}.${subject.length}@elsewhere.example>`,
      ...(n % 5 === 0 && n > 0
        ? [`References: <${n - 1}.${`Message ${n - 1}`.length}@elsewhere.example>`]
        : []),
      'MIME-Version: 1.0',
      `Content-Type: multipart/alternative; boundary="${boundary}"`,
      '',
      `--${boundary}`,
      'Content-Type: text/plain; charset=utf-8',
      '',
      plain,
      `--${boundary}`,
      'Content-Type: text/html; charset=utf-8',
      '',
      html,
      `--${boundary}--`,
      '',
    ].join('\r\n'),
  )
}

/** Log-normal around 14 KB within 2 to 60 KB, by a fixed sequence. */
const sizeOf = (n: number): number => {
  const u = ((n * 2654435761) % 4294967296) / 4294967296
  const spread = Math.exp((u - 0.5) * 3)
  return Math.round(Math.min(60, Math.max(2, 14 * spread)) * 1024)
}

const VOCABULARY =
  'meeting report budget agenda please find attached the minutes of our last call regarding project delivery next week thanks for your answer we will discuss it on monday with everyone involved'.split(
    ' ',
  )

const words = (seed: number, length: number): string => {
  const parts: string[] = []
  let state = seed * 7919 + 1
  let size = 0
  while (size < length) {
    const line: string[] = []
    for (let i = 0; i < 11; i++) {
      state = (state * 1103515245 + 12345) % 2147483648
      line.push(VOCABULARY[state % VOCABULARY.length]!)
    }
    const text = `${line.join(' ')}${state % 6 === 0 ? '\r\n' : ''}`
    parts.push(text)
    size += text.length + 2
  }
  return parts.join('\r\n')
}
