import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { htmlText } from './html-text.ts'
import { plainToFragment } from './plain-to-html.ts'
import { uniquePart } from './unique-part.ts'

const page = (inner: string) =>
  `<html><head><style>p > b {color:red}</style></head><body>${inner}</body></html>`

/** Words of the unique part, as they are shown. */
const shown = (html: string) => htmlText(uniquePart(html), 100_000).replace(/\s+/g, ' ').trim()

const ofPlain = (...lines: string[]) => shown(page(plainToFragment(lines.join('\r\n'))))

const OLD = 'the older words'

describe('what a reply quotes is left out', () => {
  for (const [program, inner] of [
    [
      'Gmail',
      `<div dir="ltr">Yes.</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">On Mon, 5 Jan 2026 at 10:00, Anna &lt;<a href="mailto:a@x">a@x</a>&gt; wrote:<br></div><blockquote class="gmail_quote" style="margin:0"><div>${OLD}</div></blockquote></div>`,
    ],
    [
      'Thunderbird',
      `<p>Yes.</p><div class="moz-cite-prefix">Am 05.01.26 um 10:00 schrieb Anna:<br></div><blockquote type="cite" cite="mid:1@x"><p>${OLD}</p><blockquote type="cite">${OLD}</blockquote></blockquote>`,
    ],
    [
      'Apple Mail',
      `Yes.<br><div><br><blockquote type="cite"><div>On 5 Jan 2026, at 10:00, Anna wrote:</div><br><div>${OLD}</div></blockquote></div>`,
    ],
    [
      'Apple Mail, its line above the quote',
      `<div>Yes.</div><div>On 5 Jan 2026, at 10:00, Anna &lt;a@x&gt; wrote:</div><br><blockquote type=cite>${OLD}</blockquote>`,
    ],
    [
      'Outlook on the web',
      `<div>Yes.</div><div id="appendonsend"></div><hr style="width:98%"><div id="divRplyFwdMsg" dir="ltr"><b>From:</b> Anna<br><b>Sent:</b> Monday<br><b>To:</b> Ben<br></div><div>${OLD}</div>`,
    ],
    [
      'Outlook on the web, forwarded through another',
      `<div>Yes.</div><div id="x_divRplyFwdMsg"><b>De :</b> Anna</div><div>${OLD}</div>`,
    ],
    [
      'Outlook for Windows',
      `<div class=WordSection1><p class=MsoNormal>Yes.</p><div><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal><b>Från:</b> Anna <br><b>Skickat:</b> måndag</p></div></div><p>${OLD}</p></div>`,
    ],
    [
      'Outlook for Windows, in words alone',
      `<p>Yes.</p><p><b>Von:</b> Anna<br><b>Gesendet:</b> Montag, 5. Januar 2026 10:00<br><b>An:</b> Ben</p><p>${OLD}</p>`,
    ],
    ['Outlook for phones', `Yes.<div id="mail-editor-reference-message-container"><div>${OLD}</div></div>`],
    ['Outlook for the Mac', `<div>Yes.</div><span id="OLK_SRC_BODY_SECTION"><div>${OLD}</div></span>`],
    ['Yahoo', `<div>Yes.</div><div id="yahoo_quoted_123" class="yahoo_quoted"><div>${OLD}</div></div>`],
    [
      'Proton',
      `<div>Yes.</div><div class="protonmail_quote">On Monday, Anna wrote:<blockquote>${OLD}</blockquote></div>`,
    ],
    ['GMX', `<div>Yes.</div><div name="quote" style="border-left:2px solid #C3D9E5">${OLD}</div>`],
    ['Zimbra', `<div>Yes.</div><hr id="zwchr" data-marker="__DIVIDER__"><div>${OLD}</div>`],
    [
      'a phone',
      `<div>Yes.</div><div>-------- Original message --------</div><div>From: Anna</div><div>${OLD}</div>`,
    ],
    [
      'Relais itself',
      `Yes.<br><hr><div><b>Van:</b> Anna<br><b>Verzonden:</b> maandag<br></div><br><div><blockquote type="cite">${OLD}</blockquote></div>`,
    ],
  ] as const)
    test(`by ${program}`, () => assert.equal(shown(page(inner)), 'Yes.'))

  for (const [language, line] of [
    ['English', 'On Mon, Jan 5, 2026 at 10:00 AM Anna <a@x.example> wrote:'],
    ['German', 'Am Mo., 5. Jan. 2026 um 10:00 Uhr schrieb Anna <a@x.example>:'],
    ['French', 'Le lun. 5 janv. 2026 à 10:00, Anna <a@x.example> a écrit :'],
    ['Dutch', 'Op ma 5 jan 2026 om 10:00 schreef Anna <a@x.example>:'],
    ['Spanish', 'El lun, 5 ene 2026 a las 10:00, Anna (<a@x.example>) escribió:'],
    ['Italian', 'Il giorno lun 5 gen 2026 alle ore 10:00 Anna <a@x.example> ha scritto:'],
    ['Portuguese', 'Em seg., 5 de jan. de 2026 às 10:00, Anna <a@x.example> escreveu:'],
    ['Polish', 'pon., 5 sty 2026 o 10:00 Anna <a@x.example> napisał(a):'],
  ] as const)
    test(`with the line above it in ${language}, in plain text and in HTML`, () => {
      assert.equal(ofPlain('Yes.', '', line, `> ${OLD}`, '>', `>> ${OLD}`), 'Yes.')
      const escaped = line.replace('<', '&lt;').replace('>', '&gt;')
      assert.equal(shown(page(`Yes.<p>${escaped}</p><blockquote>${OLD}</blockquote>`)), 'Yes.')
    })

  for (const [language, line] of [
    ['English', '-----Original Message-----'],
    ['German', '-----Ursprüngliche Nachricht-----'],
    ['French', "-----Message d'origine-----"],
    ['Dutch', '-----Oorspronkelijk bericht-----'],
    ['Spanish', '-----Mensaje original-----'],
    ['Italian', '-----Messaggio originale-----'],
    ['Portuguese', '-----Mensagem original-----'],
    ['Polish', '-----Wiadomość oryginalna-----'],
  ] as const)
    test(`below a divider in ${language}`, () => assert.equal(ofPlain('Yes.', line, 'Anna', OLD), 'Yes.'))

  for (const [language, from, second] of [
    ['English', 'From: Anna', 'Sent: Monday'],
    ['German', 'Von: Anna', 'Gesendet: Montag'],
    ['French', 'De : Anna', 'Envoyé : lundi'],
    ['Dutch', 'Van: Anna', 'Verzonden: maandag'],
    ['Spanish', 'De: Anna', 'Enviado el: lunes'],
    ['Italian', 'Da: Anna', 'Inviato: lunedì'],
    ['Portuguese', 'De: Anna', 'Enviado: segunda'],
    ['Polish', 'Od: Anna', 'Wysłano: poniedziałek'],
  ] as const)
    test(`below a header block in ${language}`, () =>
      assert.equal(ofPlain('Yes.', '', from, second, '', OLD), 'Yes.'))

  test('a line above a quote may be broken in two', () =>
    assert.equal(
      ofPlain(
        'Yes.',
        '',
        'On Mon, Jan 5, 2026 at 10:00 AM Anna Miller',
        '<a@x.example> wrote:',
        '',
        `> ${OLD}`,
      ),
      'Yes.',
    ))

  test('answers between the quoted lines and below them stay', () => {
    assert.equal(ofPlain('> one?', 'Yes.', '> two?', 'No.'), 'Yes. No.')
    const inner = `<blockquote type="cite">one?</blockquote>Yes.<blockquote type="cite">two?</blockquote>No.`
    assert.equal(shown(page(inner)), 'Yes. No.')
  })
})

describe('what is not quoted stays as it is', () => {
  for (const [what, inner] of [
    ['a letter without a quote', '<p>Hello <b>Anna</b>, how are you?</p>'],
    ['a quotation from a book', '<p>As Goethe said:</p><blockquote>Mehr Licht!</blockquote>'],
    ['a border over something else', '<div style="border-top:solid red">and so it goes on</div>'],
    ['a line of a list that begins with From', '<p>From: here</p><p>there is a way</p>'],
    ['dashes of the sender', '<p>-----Agenda-----</p><p>one</p>'],
    ['a signed text', '<p>-----BEGIN PGP SIGNED MESSAGE-----</p><p>one</p>'],
    ['somebody who wrote something', '<p>My aunt wrote:</p><p>come soon</p>'],
    ['a class in a text', '<p>class="gmail_quote"</p>'],
    ['a comment', '<p>one</p><!-- <div class="gmail_quote"> --><p>two</p>'],
    ['a script', '<script>"<div class=gmail_quote>"</script><p>one</p>'],
  ] as const)
    test(what, () => assert.equal(uniquePart(page(inner)), page(inner)))

  test('nor is anything left out of a message that is only a quote: there would be nothing to show', () => {
    const forwarded = page(`<div class="gmail_quote"><div>-- Forwarded message --</div>${OLD}</div>`)
    assert.equal(uniquePart(forwarded), forwarded)
    assert.equal(uniquePart(''), '')
  })

  test('a picture is something to show', () => {
    const html = page(`<img src="cid:1"><blockquote type="cite">${OLD}</blockquote>`)
    assert.equal(uniquePart(html), page('<img src="cid:1">'))
  })
})

describe('HTML that nobody wrote by hand', () => {
  const fill = (text: string) => text.repeat(Math.ceil((1024 * 1024) / text.length))

  for (const [what, html] of [
    ['nested without end', `Yes.${fill('<div>')}`],
    ['quotes nested without end', `Yes.${fill('<blockquote type=cite>')}`],
    [
      'quotes nested and closed',
      `Yes.${'<blockquote type=cite>'.repeat(40_000)}${'</blockquote>'.repeat(40_000)}`,
    ],
    ['tags that never end', `Yes.${fill('<div class="')}`],
    ['attributes without end', `Yes.<div ${fill('a="b" ')}>`],
    ['attributes of one letter', `Yes.<div ${fill('class=')}>`],
    ['comments that never end', `Yes.${fill('<!--')}`],
    ['style sheets that never end', `Yes.${fill('<style>')}`],
    ['one line of many pieces', `Yes.${fill('a<b></b>')}`],
    ['one long word', `Yes.${fill('a')}`],
    ['spaces', `Yes.${fill(' ')}x`],
    ['lines that are attributions', `Yes.${fill('<p>On a day in May Anna wrote:</p>')}`],
    ['lines that are quoted', `Yes.<br>${fill('&gt; x<br>')}`],
    ['header blocks that don’t go on', `Yes.${fill('<p>From: x</p>')}`],
    ['borders', `Yes.${fill('<div style="border-top:solid">')}`],
    ['closing tags alone', `Yes.${fill('</blockquote>')}`],
    ['dashes', `Yes.<p>${fill('-')}</p>`],
    ['references', `Yes.${fill('&gt;&#62;&nbsp')}`],
  ] as const)
    test(`${what} is read in one pass`, () => {
      const unique = uniquePart(html)
      assert.ok(unique.startsWith('Yes.'))
      assert.ok(unique.length <= html.length)
    })

  test('whatever it is, nothing comes that was not there, and what comes has nothing quoted any more', () => {
    const piece = fc.constantFrom(
      ...['<div class="gmail_quote">', '</div>', '<div>', '<blockquote type="cite">', '</blockquote>', '<p>'],
      ...[
        '</p>',
        '<br>',
        '&gt; old',
        'new',
        'On a day in May Anna wrote:',
        'From: a',
        'Sent: b',
        '<hr id=zwchr>',
      ],
      ...['-----Original Message-----', '<!--', '-->', '<style>', '</style>', '<', '>', '"', ' '],
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const html = pieces.join(' ')
        const unique = uniquePart(html)
        let at = 0
        for (const character of unique) {
          at = html.indexOf(character, at) + 1
          assert.ok(at > 0, JSON.stringify([html, unique]))
        }
      }),
      { numRuns: 500 },
    )
  })
})
