/** RFC 2047: words of at most 75 characters, none of which ends inside a character: 10 code points are 40 bytes at most. */
export const encodedWords = (text: string): string => {
  const points = [...text]
  const words: string[] = []
  for (let at = 0; at < points.length; at += 10) {
    words.push(`=?utf-8?B?${Buffer.from(points.slice(at, at + 10).join('')).toString('base64')}?=`)
  }
  return words.join('\r\n ')
}
