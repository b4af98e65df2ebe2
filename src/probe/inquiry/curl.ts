/**
 * A curl line that sends a request again. It is pasted into a shell, and the request may hold
 * anything, so everything stands in single quotes but our own words and the names of variables.
 */

import { textOf } from './body.ts'
import { createRedactor, isTellingHeader } from './redact.ts'
import type { Example } from '../shard/examples.ts'

/** Private characters that stand around the name of a secret until the line is put together. */
const [OPEN, CLOSE] = ['\uE000', '\uE001']
const MARKED = new RegExp(`${OPEN}([^${OPEN}${CLOSE}]*)${CLOSE}`, 'g')

/** Of a run and a connection, not of the request; curl makes its own. */
const LEFT_OUT = new Set(['traceparent', 'content-length', 'connection', 'transfer-encoding'])

/**
 * The line, or undefined where path or headers were too long to be kept. Secrets stand as
 * `$OUTRIDER_SECRET_NAME`, what else may not be shown as a variable with the name of its header, and
 * a body that was not kept whole as the file `$BODY_FILE`. A secret that has to be encoded where it
 * stands (in a URL, in JSON) is to be set in that form.
 * @param origin scheme and host of the canary's address, or `unix:` and the path of its socket
 */
export function curlLine(
  { request }: Pick<Example, 'request'>,
  origin: string,
  secrets: Readonly<Record<string, string>>,
): string | undefined {
  if (request.cut) return undefined
  const redact = createRedactor(secrets, (name) => `${OPEN}${name}${CLOSE}`)
  const plain = (text: string): string => redact.text(withoutMarks(text))
  const socket = origin.startsWith('unix:') ? origin.slice('unix:'.length) : undefined
  const url = (socket === undefined ? origin : 'http://localhost') + plain(request.path)
  const isPacked = request.headers.some(([name]) => name.toLowerCase() === 'accept-encoding')
  const headers = request.headers
    .filter(([name]) => !LEFT_OUT.has(name.toLowerCase()))
    .map(([name, value]) => `-H ${headerWord(name, withoutMarks(value), redact)}`)
  return [
    'curl -sS',
    ...(isPacked ? ['--compressed'] : []),
    ...(socket === undefined ? [] : ['--unix-socket', quoted(socket)]),
    // Brackets would be ranges to curl, and dots would be resolved before sending.
    ...(/[[\]{}]/.test(url) ? ['--globoff'] : []),
    ...(/\/\.{1,2}(\/|$)/.test(url) ? ['--path-as-is'] : []),
    ...methodWords(request),
    quoted(url),
    ...headers,
    ...bodyWords(request, redact),
  ].join(' ')
}

function methodWords({ method, body }: Example['request']): string[] {
  if (method === 'HEAD') return ['--head']
  return method === 'GET' && body === undefined ? [] : ['-X', quoted(method)]
}

type Redactor = ReturnType<typeof createRedactor>

function headerWord(name: string, value: string, redact: Redactor): string {
  // curl's own spelling of a header without a value.
  if (value === '') return quoted(`${name};`)
  if (!isTellingHeader(name)) return quoted(`${name}: ${redact.header(name, value)}`)
  const hidden = redact.text(value)
  const rest = hidden.replace(MARKED, '')
  // A scheme and a secret of ours: the secret's own variable says more than the header's.
  const isOurs = rest !== hidden && /^\s*(bearer|basic|token|apikey)?\s*$/i.test(rest)
  if (isOurs) return quoted(`${name}: ${hidden}`)
  return `${quoted(`${name}: `)}"$${variableOf(name)}"`
}

function bodyWords({ body, headers }: Example['request'], redact: Redactor): string[] {
  if (body === undefined) return []
  const found = textOf(body, undefined)
  const hasType = headers.some(([name]) => name.toLowerCase() === 'content-type')
  const type = hasType ? [] : ["-H 'content-type:'"]
  // A shell cannot hand over a zero byte.
  if (found === undefined || found.cut || found.text.includes('\0')) {
    return [...type, '--data-binary "@$BODY_FILE"']
  }
  return [...type, '--data-raw', quoted(redact.body(withoutMarks(found.text), false))]
}

function variableOf(header: string): string {
  const name = header.toUpperCase().replace(/[^A-Z0-9]/g, '_')
  return /^\d/.test(name) ? `_${name}` : name
}

function withoutMarks(text: string): string {
  return text.replaceAll(OPEN, '').replaceAll(CLOSE, '')
}

/** One word of a shell: texts in single quotes, marked secrets as variables in double quotes. */
function quoted(text: string): string {
  if (text === '') return "''"
  return text
    .split(MARKED)
    .map((part, index) => {
      if (index % 2 === 0) return part === '' ? '' : `'${part.replaceAll("'", `'\\''`)}'`
      return /^\w+$/.test(part) ? `"$OUTRIDER_SECRET_${part}"` : `'[redacted]'`
    })
    .join('')
}
