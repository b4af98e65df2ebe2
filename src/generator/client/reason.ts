/** Why an arm could not be talked to, in words that say what to look at. */

const MOST = 300

const SIGNED_BY_OTHERS = 'its certificate is signed by an authority that is not trusted here'
const NOT_TRUSTED = 'it does not trust the authority of our certificate'
const NO_OWN = 'it asks for a client certificate'
const NOT_OURS = 'it does not take our certificate'
const NO_TLS = 'what answers there does not speak TLS'
const NO_SUCH_NAME = 'its name cannot be resolved'
const NO_HTTP1 = 'what it answers is no HTTP/1.1; it may speak HTTP/2 only'
const UPGRADED = 'it changed to another protocol, which nobody asked for'
const LAWLESS = 'it breaks the rules of HTTP/2: '
export const NO_HTTP2 = 'it does not speak HTTP/2'

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'it refused the connection',
  ECONNRESET: 'it broke off the connection',
  EPIPE: 'it broke off the connection',
  UND_ERR_SOCKET: 'it closed the connection',
  UND_ERR_HEADERS_OVERFLOW: 'its headers are too long',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'its body does not have the length that its headers say',
  EHOSTUNREACH: 'no way leads to its address',
  ENETUNREACH: 'no way leads to its address',
  ENOTFOUND: NO_SUCH_NAME,
  EAI_AGAIN: NO_SUCH_NAME,
  ENOENT: 'there is no such socket',
  ENOTSOCK: 'the file is no socket',
  EACCES: 'the socket may not be used by this user',
  EMFILE: 'this process may not open more connections',
  ENFILE: 'this machine cannot open more connections',
  EADDRNOTAVAIL: 'this machine has no port left for a connection',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  CERT_REVOKED: 'its certificate was revoked',
  CERT_UNTRUSTED: SIGNED_BY_OTHERS,
  DEPTH_ZERO_SELF_SIGNED_CERT: SIGNED_BY_OTHERS,
  SELF_SIGNED_CERT_IN_CHAIN: SIGNED_BY_OTHERS,
  UNABLE_TO_GET_ISSUER_CERT: SIGNED_BY_OTHERS,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: SIGNED_BY_OTHERS,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: SIGNED_BY_OTHERS,
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for other names',
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: NO_HTTP2,
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: 'it does not know the name that it was asked for in TLS',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'it speaks another version of TLS',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'it speaks a version of TLS that is too old',
  ERR_SSL_TLSV1_ALERT_ACCESS_DENIED: NOT_OURS,
  ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR: NOT_OURS,
  ERR_SSL_TLSV13_ALERT_BAD_CERTIFICATE: NOT_OURS,
  'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_UNKNOWN': NOT_OURS,
  'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED': 'it says that our certificate has expired',
  'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_REVOKED': 'it says that our certificate was revoked',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: NO_OWN,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: NOT_TRUSTED,
  'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE': NOT_OURS,
  'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE':
    'it refuses the TLS handshake; it may ask for a client certificate',
}

/** Codes of faults of our own, whose messages say all. */
const TOLD = new Set(['NOT_HTTP2', 'PROXY_REFUSED', 'ADDRESS_REFUSED'])

/** An error that says by itself what a person has to know. */
export function toldFault(
  code: 'NOT_HTTP2' | 'PROXY_REFUSED' | 'ADDRESS_REFUSED',
  message: string,
): Error {
  return Object.assign(new Error(message), { code })
}

/** For samples and logs: the words, and the code by which others know the fault. */
export function reasonOf(error: Error): string {
  const code = codeOf(error)
  const words = wordsOf(error)
  const isKnown = code === '' || TOLD.has(code) || words.includes(code)
  return isKnown ? words : `${words} (${code})`
}

/** Of a connection that was never one of HTTP/2. */
export function reasonOfNoHttp2(error: Error): string {
  return `${NO_HTTP2}: ${reasonOf(error).replace(LAWLESS, '')}`
}

/** For a sentence; begins with "it" or "its" where the target is spoken of. */
export function wordsOf(error: Error): string {
  const code = codeOf(error)
  const isUpgrade = code === 'UND_ERR_SOCKET' && error.message === 'bad upgrade'
  const said = isUpgrade ? UPGRADED : (WORDS[code] ?? ownWordsOf(error, code))
  const names = code === OTHER_NAMES ? namesOf(error) : ''
  return (names === '' ? said : `${said}: ${names}`).slice(0, MOST)
}

const OTHER_NAMES = 'ERR_TLS_CERT_ALTNAME_INVALID'

/** The name that was wanted, and those that the certificate is for. */
function namesOf(error: Error): string {
  const detail: unknown = Reflect.get(error, 'reason')
  if (typeof detail !== 'string') return ''
  const certificate: unknown = Reflect.get(error, 'cert')
  const isObject = typeof certificate === 'object' && certificate !== null
  const names: unknown = isObject ? Reflect.get(certificate, 'subjectaltname') : undefined
  // Of an address Node tells the other addresses, and most certificates are for names.
  const more = detail.startsWith('IP: ') && typeof names === 'string' ? names : ''
  return `${detail.replace(/^(?:Host|IP): |\.$/g, '')}${more}`.replace(/: $/, '')
}

/** What can be done about a fault, as the configuration and the flags call it. */
export function mendOf(error: Error): string {
  const code = codeOf(error)
  const known = MENDS[WORDS[code] ?? ''] ?? MENDS[code]
  return known ?? 'check the address, and that the application is running'
}

const MENDS: Readonly<Record<string, string>> = {
  [SIGNED_BY_OTHERS]: 'name the authority with --ca or tls.ca, or take any with --insecure',
  [NO_TLS]: 'write the address with http://, or name the port that speaks TLS',
  [NO_SUCH_NAME]: 'check how the name is written, or give the address and the name with --host',
  [NOT_OURS]: 'check the certificate of --cert or tls.cert',
  [NO_OWN]: 'show one with --cert and --key, or tls.cert and tls.key',
  [NOT_TRUSTED]: 'show a certificate that it trusts with --cert and --key, or tls.cert and tls.key',
  [OTHER_NAMES]: 'name what it is for with --host or --server-name (host or tls.server_name)',
  NOT_HTTP2: 'leave --http2 out (http2 of the target), or name the port that speaks it',
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
    'it may speak HTTP/2 only (--http2), or HTTP/1.1 only (without it)',
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME:
    'give the name with --host or --server-name (host or tls.server_name)',
  PROXY_REFUSED: 'check the proxy, who may use it, and to which ports it opens tunnels',
}

/** Whether the other side ended TLS with an alert that says why. */
export function isRefusal(error: Error): boolean {
  return codeOf(error).startsWith('ERR_SSL_')
}

export function codeOf(error: Error): string {
  const code: unknown = Reflect.get(error, 'code')
  return typeof code === 'string' ? code : ''
}

function ownWordsOf(error: Error, code: string): string {
  // An AggregateError (several addresses tried) has an empty message; its code says enough.
  if (error.message === '') return code === '' ? error.name : code
  if (code.startsWith('ERR_HTTP2_')) return LAWLESS + error.message
  if (error.name === 'HTTPParserError' && error.message.includes('(Expected HTTP/')) return NO_HTTP1
  // OpenSSL puts an address of its memory in front of what it says, another one each time.
  const [, said] = /^[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/.exec(error.message) ?? []
  return said ?? error.message
}
