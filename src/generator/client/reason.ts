/** Why an arm could not be talked to, in words that say what to look at. */

const MOST = 300

const SIGNED_BY_OTHERS = 'its certificate is signed by an authority that is not trusted here'
const NO_TLS = 'what answers there does not speak TLS'
const NO_SUCH_NAME = 'its name cannot be resolved'
export const NO_HTTP2 = 'it does not speak HTTP/2'

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'it refused the connection',
  ECONNRESET: 'it broke off the connection',
  EPIPE: 'it broke off the connection',
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
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it asks for a client certificate',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'it does not trust the authority of our certificate',
  'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE': 'it does not take our certificate',
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

/** For a sentence; begins with "it" or "its" where the target is spoken of. */
export function wordsOf(error: Error): string {
  const code = codeOf(error)
  const words = WORDS[code]
  const detail: unknown = Reflect.get(error, 'reason')
  const names = code === 'ERR_TLS_CERT_ALTNAME_INVALID' && typeof detail === 'string' ? detail : ''
  const said = words ?? ownWordsOf(error, code)
  return (names === '' ? said : `${said}: ${names.replace(/^Host: |\.$/g, '')}`).slice(0, MOST)
}

export function codeOf(error: Error): string {
  const code: unknown = Reflect.get(error, 'code')
  return typeof code === 'string' ? code : ''
}

function ownWordsOf(error: Error, code: string): string {
  // An AggregateError (several addresses tried) has an empty message; its code says enough.
  if (error.message === '') return code === '' ? error.name : code
  // OpenSSL puts an address of its memory in front of what it says, another one each time.
  const [, said] = /^[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/.exec(error.message) ?? []
  return said ?? error.message
}
