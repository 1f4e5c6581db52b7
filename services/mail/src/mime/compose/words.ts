/** Labels of the header block above a quoted message. */
export type QuoteWords = {
  readonly from: string
  readonly sent: string
  readonly to: string
  readonly cc: string
  readonly subject: string
}

const WORDS: Readonly<Record<string, QuoteWords>> = {
  en: { from: 'From', sent: 'Sent', to: 'To', cc: 'Cc', subject: 'Subject' },
  fr: { from: 'De', sent: 'Envoyé', to: 'À', cc: 'Cc', subject: 'Objet' },
  de: { from: 'Von', sent: 'Gesendet', to: 'An', cc: 'Cc', subject: 'Betreff' },
  nl: { from: 'Van', sent: 'Verzonden', to: 'Aan', cc: 'Cc', subject: 'Onderwerp' },
  es: { from: 'De', sent: 'Enviado', to: 'Para', cc: 'Cc', subject: 'Asunto' },
  it: { from: 'Da', sent: 'Inviato', to: 'A', cc: 'Cc', subject: 'Oggetto' },
  pt: { from: 'De', sent: 'Enviado', to: 'Para', cc: 'Cc', subject: 'Assunto' },
  pl: { from: 'Od', sent: 'Wysłano', to: 'Do', cc: 'DW', subject: 'Temat' },
}

/** The words of a language (BCP 47); English for the others. */
export const quoteWords = (locale: string): QuoteWords =>
  WORDS[locale.slice(0, 2).toLowerCase()] ?? (WORDS.en as QuoteWords)

/** A moment as people of that language and zone write it. Unknown languages and zones: English, UTC. */
export const dateInWords = (at: number, locale: string, timeZone: string): string => {
  try {
    return new Intl.DateTimeFormat(locale || 'en', {
      dateStyle: 'full',
      timeStyle: 'short',
      timeZone: timeZone || 'UTC',
    }).format(at)
  } catch {
    return new Intl.DateTimeFormat('en', { dateStyle: 'full', timeStyle: 'short', timeZone: 'UTC' }).format(
      at,
    )
  }
}
