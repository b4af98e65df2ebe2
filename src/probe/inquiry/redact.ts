/**
 * Redaction: what of an exchange may be kept and shown. Answers of a target are hostile and may hold
 * anything, so redaction errs on the safe side: it goes by names (headers, keys of JSON, forms, XML
 * and HTML) and by looks (bearer tokens, JSON web tokens, passwords in URLs), and hides the secrets
 * of this run wherever they stand, however they were encoded.
 *
 * Limits: it cannot know a personal datum that has no telling name, nor a secret of the target that
 * looks like any other text.
 */

import { createHider, formsOf } from '../../actions/secrets.ts'
import { redactJson } from './redact-json.ts'

export const REDACTED = '[redacted]'

export interface Redactor {
  /** @param cut whether more followed: the beginning of a secret may stand at the end then */
  text(text: string, cut?: boolean): string
  /** A text that may be JSON; JSON stays JSON. */
  body(text: string, cut: boolean): string
  header(name: string, value: string, cut?: boolean): string
  /** Why a step failed, in words of ours that quote the answer and leave out ends with `…`. */
  reason(text: string): string
}

/** @param shown what stands in place of a secret of this run, given its name */
export function createRedactor(
  secrets: Readonly<Record<string, string>>,
  shown: (name: string) => string = (name) => `{{secret.${name}}}`,
): Redactor {
  const hide = createHider(secrets, shown)
  const forms = Object.values(secrets).flatMap((value) => formsOf(value))
  const names = new Set(Object.keys(secrets).map((name) => shown(name)))
  // A secret of ours says more by its name than any other value that is not shown.
  const isOwn = (value: string): boolean => names.has(value)
  const plain = (text: string): string => redactNamed(redactLooks(hide(text)), isOwn)
  const body = (text: string, depth: number): string => {
    if (!looksLikeJson(text)) return plain(text)
    const string = (value: string): string =>
      depth < DEEPEST ? body(hide(value), depth + 1) : REDACTED
    return redactJson(hide(text), { isTelling: isTellingName, isOwn, plain, string })
  }
  const whole = (text: string, cut: boolean): string => (cut ? withoutCutSecret(text, forms) : text)
  return {
    text: (text, cut = false) => plain(whole(text, cut)),
    body: (text, cut) => body(whole(text, cut), 0),
    header: (name, value, cut = false) =>
      isTellingHeader(name) ? REDACTED : plain(whole(value, cut)),
    reason: (text) => {
      const parts = redactQuoted(text).split('…')
      const last = parts.pop() ?? ''
      return plain([...parts.map((part) => whole(part, true)), last].join('…'))
    },
  }
}

/** What an expectation found at a telling place: `$.password is "x"`, `header "cookie" is "y"`. */
function redactQuoted(reason: string): string {
  return reason.replace(
    /(header "([^"]*)"|\$\S*) is ("(?:[^"\\]|\\.)*["…]?|[^\s,]+)/g,
    (all, where: string, header: string | undefined) =>
      (header === undefined ? isTellingName(where) : isTellingHeader(header))
        ? `${where} is ${REDACTED}`
        : all,
  )
}

/** JSON in strings of JSON is looked into this often; what lies deeper is not shown. */
const DEEPEST = 3

function looksLikeJson(text: string): boolean {
  return /^\s*[[{"]/.test(text)
}

const TELLING_HEADERS =
  /(^|-)(authorization|auth|cookie|api-?key|apikey|key|password|credentials?|jwt|csrf|xsrf|signature)($|-)|cookie|token|secret|session|passw/i
const HARMLESS_HEADERS = /^(www-authenticate|proxy-authenticate|surrogate-key|sec-websocket-key)$/i

export function isTellingHeader(name: string): boolean {
  return TELLING_HEADERS.test(name) && !HARMLESS_HEADERS.test(name)
}

/** Parts of a name that tell wherever they stand in it, and words that tell on their own. */
const TELLING_PARTS =
  /passw|passphrase|token|secret|authoriz|apikey|accesskey|privatekey|creditcard|cardnumber|sessionid|credential|jsessionid|phpsessid/
const TELLING_WORDS = new Set(
  (
    'pass pwd passwd auth bearer jwt session sid card cards cvv cvv2 cvc pan ssn pin otp iban ' +
    'cookie cookies csrf xsrf signature'
  ).split(' '),
)

/** Whether a value of this name is not for showing: `password`, `apiKey`, `card`, `_csrf`. */
export function isTellingName(name: string): boolean {
  const joined = name.toLowerCase().replace(/[^a-z0-9]/g, '')
  if (TELLING_PARTS.test(joined)) return true
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
  return words.some((word) => TELLING_WORDS.has(word))
}

/** Things that are known by their looks, wherever they stand. */
function redactLooks(text: string): string {
  return text
    .replace(/\beyJ[\w-]{8,}(\.[\w-]*){0,4}/g, REDACTED)
    .replace(/\b(bearer)(\s+|%20|\+)[\w.~+/=%-]{6,}/gi, `$1$2${REDACTED}`)
    .replace(/\b(basic)(\s+)([\w+/-]{6,}={0,2})/gi, redactBasic)
    .replace(/(:\/\/)[^/\s"'<>@]*@/g, `$1${REDACTED}@`)
    .replace(/-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(-----END [A-Z ]*-----|$)/g, REDACTED)
}

/** "Basic instructions" is a text; user and password in Base64 have a colon between them. */
function redactBasic(text: string, scheme: string, space: string, credentials: string): string {
  const decoded = Buffer.from(credentials, 'base64').toString('latin1')
  return decoded.includes(':') ? `${scheme}${space}${REDACTED}` : text
}

/** Values beside a telling name in forms, queries, scripts, YAML, XML and HTML. */
function redactNamed(text: string, isOwn: (value: string) => boolean): string {
  return redactAssigned(
    text
      .replace(/<(input|meta)\b[^>]*>?/gi, redactTag)
      .replace(/<([\w:.-]+)(\s[^<>]*)?>([^<]*)/g, (whole, name: string, rest = '') =>
        isTellingName(name) ? `<${name}${rest}>${REDACTED}` : whole,
      )
      .replace(
        /^([ \t-]*["']?([\w.-]+)["']?[ \t]*:[ \t]+)\S.*$/gm,
        (whole, start: string, name: string) =>
          isTellingName(name) && !isOwn(whole.slice(start.length)) ? `${start}${REDACTED}` : whole,
      ),
    isOwn,
  )
}

/** `name=value` and `name: value`. Only a telling name takes its value along: the next may tell. */
function redactAssigned(text: string, isOwn: (value: string) => boolean): string {
  const assigned = /(?<![\w.$%[\]-])([\w.$%[\]-]+)["']?\s*[=:]\s*/g
  const value = /"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[^&\s"<>]+/y
  const parts: string[] = []
  let done = 0
  for (let match = assigned.exec(text); match !== null; match = assigned.exec(text)) {
    if (!isTellingName(decoded(match[1] ?? ''))) continue
    value.lastIndex = assigned.lastIndex
    const [found] = value.exec(text) ?? []
    if (found === undefined || isOwn(found.replace(/^["']|["']$/g, ''))) continue
    parts.push(text.slice(done, assigned.lastIndex), inQuotesOf(found))
    done = assigned.lastIndex + found.length
    assigned.lastIndex = done
  }
  return parts.join('') + text.slice(done)
}

/** A field of an HTML form has its name and its value in attributes of any order. */
function redactTag(tag: string): string {
  const name = /\b(?:name|id|property)\s*=\s*["']?([^"'\s>]+)/i.exec(tag)?.[1] ?? ''
  if (!isTellingName(name)) return tag
  return tag.replace(
    /\b(value|content)(\s*=\s*)("[^"]*"?|'[^']*'?|[^\s>]+)/gi,
    (_, attribute: string, between: string, value: string) =>
      `${attribute}${between}${inQuotesOf(value)}`,
  )
}

function inQuotesOf(value: string): string {
  const quote = value[0] === '"' || value[0] === "'" ? value[0] : ''
  return `${quote}${REDACTED}${value.length > 1 && value.endsWith(quote) ? quote : ''}`
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

/** Fewer characters of a secret at the end of a text say nothing. */
const LEAST_CUT = 3

/** Where a text was cut, its end may be the beginning of a secret, which no search would find. */
function withoutCutSecret(text: string, forms: readonly string[]): string {
  let longest = 0
  for (const form of forms) {
    for (let length = Math.min(form.length, text.length); length > longest; length -= 1) {
      if (text.endsWith(form.slice(0, length))) longest = length
    }
  }
  return longest < LEAST_CUT ? text : `${text.slice(0, text.length - longest)}${REDACTED}`
}
