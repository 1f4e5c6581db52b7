import { ROLES, type Role } from './roles.ts'

// In the order of ROLES: inbox, drafts, sent, trash, junk, archive, outbox.
const NAMES: Readonly<Record<string, readonly string[]>> = {
  en: ['Inbox', 'Drafts', 'Sent', 'Trash', 'Junk', 'Archive', 'Outbox'],
  fr: [
    'Boîte de réception',
    'Brouillons',
    'Envoyés',
    'Corbeille',
    'Indésirables',
    'Archives',
    "Boîte d'envoi",
  ],
  de: ['Posteingang', 'Entwürfe', 'Gesendet', 'Papierkorb', 'Spam', 'Archiv', 'Postausgang'],
  nl: ['Postvak IN', 'Concepten', 'Verzonden', 'Prullenbak', 'Ongewenst', 'Archief', 'Postvak UIT'],
  es: [
    'Bandeja de entrada',
    'Borradores',
    'Enviados',
    'Papelera',
    'Correo no deseado',
    'Archivo',
    'Bandeja de salida',
  ],
  it: [
    'Posta in arrivo',
    'Bozze',
    'Posta inviata',
    'Cestino',
    'Posta indesiderata',
    'Archivio',
    'Posta in uscita',
  ],
  pt: [
    'Caixa de entrada',
    'Rascunhos',
    'Enviados',
    'Lixo',
    'Correio não solicitado',
    'Arquivo',
    'Caixa de saída',
  ],
  pl: ['Odebrane', 'Wersje robocze', 'Wysłane', 'Kosz', 'Spam', 'Archiwum', 'Skrzynka nadawcza'],
}

/** Languages that the default mailboxes have names in (ISO 639-1). */
export const LANGUAGES: readonly string[] = Object.keys(NAMES)

/** Name of a default mailbox in the language of a locale ("de-AT", "pt_BR"); English where the language isn't known. */
export const nameOfRole = (role: Role, locale: string): string => {
  const language = locale.slice(0, 2).toLowerCase()
  const names = (Object.hasOwn(NAMES, language) && NAMES[language]) || NAMES.en!
  return names[ROLES.indexOf(role)]!
}

const fold = (name: string) => name.normalize('NFC').toLowerCase()

const roleByName = new Map(
  Object.values(NAMES)
    .toReversed()
    .flatMap((names) => names.map((name, n) => [fold(name), ROLES[n]!] as const)),
)

/** The role that a mailbox of this name has in some language: what "Sent" or "Corbeille" of another server means. */
export const roleOfName = (name: string): Role | undefined => roleByName.get(fold(name))
