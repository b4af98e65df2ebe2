/**
 * Text of targets and files is hostile on a terminal: a control character can move the cursor,
 * recolour what follows or rename the window. Here it becomes visible and harmless.
 */

// Controls (C0, DEL, C1), format characters (zero-width, bidirectional) and separators of lines.
const HARMFUL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** Each control character as `\x1b` or `\u{202e}`; line breaks too. */
export function escapeControls(text: string): string {
  return text.replaceAll(HARMFUL, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16)
    return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u{${code}}`
  })
}

const ASCII: Readonly<Record<string, string>> = {
  '✖': 'x',
  '✔': '+',
  '×': 'x',
  '–': '-',
  '−': '-',
  '÷': '/',
  '…': '~',
  '·': '-',
  '≈': '~',
  '≥': '>=',
  '≤': '<=',
  '±': '+/-',
  α: 'alpha',
  '→': '->',
  '“': '"',
  '”': '"',
  '’': "'",
  '\u00A0': ' ',
  '\u202F': ' ',
}

/** The same text for a terminal without UTF-8; what has no likeness there becomes `?`. */
export function toAscii(text: string): string {
  return text.replaceAll(/\P{ASCII}/gu, (character) => ASCII[character] ?? '?')
}
