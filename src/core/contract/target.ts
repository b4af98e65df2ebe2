/** A target of the configuration: where its arms are, how they are reached, where CPU is read. */

import * as z from 'zod'

export const httpUrl = z.url({
  protocol: /^https?$/,
  error: 'must be an http:// or https:// address',
})

/** The name of a variable of the environment, for what may be a secret itself. */
export const variable = z.string().regex(/^[A-Z_][A-Z0-9_]*$/, {
  error: 'must be the name of a variable like SLACK_URL',
})

/** Where one arm is. */
export interface Address {
  /** Of a unix socket: `http://localhost` and a path. */
  readonly url: string
  /** The unix socket that is connected to instead of the url's host. */
  readonly socketPath?: string
}

/** What Linux and macOS both take as the path of a socket. */
const MOST_SOCKET_BYTES = 103

/** An address as people write it: an http(s) URL, `unix:/run/app.sock` or `unix:/app.sock:/base`. */
export function parseAddress(text: string): Address | undefined {
  if (addressFault(text) !== undefined) return undefined
  const [, socketPath, base = ''] = SOCKET_ADDRESS.exec(text) ?? []
  if (socketPath === undefined) return { url: text }
  return { url: `http://localhost${base}`, socketPath }
}

/** The address as it was written. */
export function formatAddress({ url, socketPath }: Address): string {
  if (socketPath === undefined) return url
  const base = url.slice('http://localhost'.length)
  return `unix:${socketPath}${base === '' ? '' : `:${base}`}`
}

/** What two addresses share that lead to the same place: scheme, host and port, or the socket. */
export function originOf(text: string): string {
  const [, socketPath] = SOCKET_ADDRESS.exec(text) ?? []
  return socketPath === undefined ? new URL(text).origin : `unix:${socketPath}`
}

/** The short name of the place: host and port, or the socket. */
export function hostOf(text: string): string {
  const [, socketPath] = SOCKET_ADDRESS.exec(text) ?? []
  return socketPath === undefined ? new URL(text).host : `unix:${socketPath}`
}

// The path of a socket ends where ":/" begins the path of the application.
const SOCKET_ADDRESS = /^unix:(\/[^]*?)(?::(\/[^]*))?$/

export interface AddressFault {
  readonly why: string
  readonly mend: string
  /** The address may be shown: it holds no credentials. */
  readonly isShown: boolean
}

/** Why this is no address of an arm; undefined if it is one. */
export function addressFault(text: string): AddressFault | undefined {
  if (text.startsWith('unix:')) return socketFault(text)
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    const why = 'must be an http:// or https:// address, or unix:/path/of.sock'
    return { why, mend: 'write it like http://10.0.0.5:8080', isShown: !text.includes('@') }
  }
  if (url.username === '' && url.password === '') return undefined
  const mend = 'put them in a header of the ontology: authorization: "Bearer {{secret.NAME}}"'
  return { why: 'must not carry credentials', mend, isShown: false }
}

function socketFault(text: string): AddressFault | undefined {
  const [, socketPath, base = ''] = SOCKET_ADDRESS.exec(text) ?? []
  const mend = 'write it like unix:/run/app.sock, or unix:/run/app.sock:/base/path'
  const fault = (why: string): AddressFault => ({ why, mend, isShown: true })
  if (socketPath === undefined) return fault('must have the whole path of the socket after unix:')
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(text)) return fault('must not have control characters')
  if (new TextEncoder().encode(socketPath).length > MOST_SOCKET_BYTES) {
    return fault(`must name a socket whose path has at most ${MOST_SOCKET_BYTES} bytes`)
  }
  return /[?#\s]/.test(base) ? fault('must end before a "?" or "#"') : undefined
}

const addressSchema = z.string().superRefine((text, context) => {
  const fault = addressFault(text)
  if (fault === undefined) return
  context.addIssue({ code: 'custom', message: fault.why, params: { mend: fault.mend } })
})

const proxyUrl = httpUrl.refine((text) => !/^https?:\/\/[^/?#]*@/i.test(text), {
  error: 'must not carry credentials',
  params: { mend: 'take them out and name a variable with user:password in proxy_auth_env' },
})

/** How the arms of a target are reached; files are seen from the configuration. */
const reachShape = {
  /** Host header (and TLS server name) to send instead of the address's. */
  host: z
    .string()
    .regex(/^[A-Za-z0-9._:[\]-]{1,300}$/, {
      error: 'must be a name, with a port if need be',
    })
    .optional(),
  tls: z
    .strictObject({
      /** PEM files: the authority to trust, and the certificate to show with its key. */
      ca: z.string().min(1).optional(),
      cert: z.string().min(1).optional(),
      key: z.string().min(1).optional(),
      /** The name that is asked for and checked, where it is not the host. */
      server_name: z
        .string()
        .regex(/^[A-Za-z0-9._-]{1,253}$/, { error: 'must be a name without a port' })
        .optional(),
      /** Takes any certificate. */
      insecure: z.boolean().optional(),
    })
    .optional(),
  /** HTTP/2 and nothing else. */
  http2: z.boolean().optional(),
  proxy: proxyUrl.optional(),
  /** The variable that holds `user:password` for the proxy. */
  proxy_auth_env: variable.optional(),
  /** Sent with every request; a header of the action's own wins. */
  headers: z.record(z.string(), z.string()).optional(),
}

const MOST_INSTANCES = 100
const metricsUrl = httpUrl.refine((text) => !/^https?:\/\/[^/?#]*@/i.test(text), {
  error: 'must not carry credentials',
  params: { mend: 'take them out and name a variable in headers_env' },
})
/** Header names and the variables that hold their values. */
const headersEnv = z.record(z.string().regex(/^[A-Za-z0-9-]{1,100}$/), variable).optional()
const growingQuery = z
  .string()
  .min(1)
  .max(4_000)
  .refine((query) => !/\b(?:i?rate|increase|i?delta|deriv)\s*\(/.test(query), {
    error: 'must give a counter, not how fast it grows',
    params: { mend: 'take rate() or increase() away: counters are read and subtracted here' },
  })

const processId = z.int().min(1)

const sourceShape = z.strictObject({
  /** Addresses in the Prometheus text format, one for each process. */
  prometheus: z
    .union([metricsUrl, z.array(metricsUrl).min(1).max(MOST_INSTANCES)], {
      error: 'must be an http:// or https:// address, or a list of them',
    })
    .optional(),
  /** The counter of requests that these addresses tell; left out = what is sent is counted. */
  requests: z
    .string()
    .regex(/^[A-Za-z_:][A-Za-z0-9_:]*$/, { error: 'must be the name of a metric' })
    .optional(),
  headers_env: headersEnv,
  /** Processes of this machine. */
  pid: z
    .union([processId, z.array(processId).min(1).max(MOST_INSTANCES)], {
      error: 'must be the number of a process, or a list of them',
    })
    .optional(),
  /** A Prometheus server and what to ask it: seconds, bytes and requests. */
  promql: z
    .strictObject({
      url: metricsUrl,
      cpu: growingQuery,
      memory: z.string().min(1).max(4_000),
      requests: growingQuery.optional(),
      headers_env: headersEnv,
    })
    .optional(),
})

const SOURCE_KINDS = ['prometheus', 'pid', 'promql'] as const

function refuseSeveral(
  source: z.output<typeof sourceShape>,
  context: z.core.$RefinementCtx<z.output<typeof sourceShape>>,
): void {
  const given = SOURCE_KINDS.filter((kind) => source[kind] !== undefined)
  const [first, second] = given
  if (first === undefined || second !== undefined) {
    const message = `must have exactly one of ${SOURCE_KINDS.join(', ')}`
    const mend = first === undefined ? 'name one' : `keep one of ${given.join(' and ')}`
    context.addIssue({
      code: 'custom',
      path: second === undefined ? [] : [second],
      message,
      params: { mend },
    })
  }
  for (const key of ['requests', 'headers_env'] as const) {
    if (source[key] === undefined || source.prometheus !== undefined) continue
    const mend = source.promql === undefined ? 'take it out' : 'put it into promql'
    context.addIssue({
      code: 'custom',
      path: [key],
      message: 'goes with prometheus only',
      params: { mend },
    })
  }
}

/** Where CPU and memory of one arm are read. */
export type MetricsSource =
  | {
      readonly kind: 'prometheus'
      readonly urls: readonly string[]
      readonly requests?: string
      readonly headersEnv: Readonly<Record<string, string>>
    }
  | { readonly kind: 'pid'; readonly pids: readonly number[] }
  | {
      readonly kind: 'promql'
      readonly url: string
      readonly cpu: string
      readonly memory: string
      readonly requests?: string
      readonly headersEnv: Readonly<Record<string, string>>
    }

const sourceSchema = sourceShape.superRefine(refuseSeveral).transform((source): MetricsSource => {
  const { prometheus, pid, promql } = source
  if (promql !== undefined) {
    const { url, cpu, memory, requests, headers_env: headersEnv = {} } = promql
    const counted = requests === undefined ? {} : { requests }
    return { kind: 'promql', url, cpu, memory, ...counted, headersEnv }
  }
  if (pid !== undefined) return { kind: 'pid', pids: [...new Set([pid].flat())] }
  const { requests, headers_env: headersEnv = {} } = source
  const urls = [...new Set([prometheus ?? []].flat())]
  return { kind: 'prometheus', urls, ...(requests === undefined ? {} : { requests }), headersEnv }
})

export const targetSchema = z
  .strictObject({
    baseline: addressSchema,
    canary: addressSchema,
    control: addressSchema.optional(),
    ...reachShape,
    /** How many processes serve each arm: what tells live load per instance. */
    instances: z
      .strictObject({ baseline: z.int().min(1).max(100_000), canary: z.int().min(1).max(100_000) })
      .optional(),
    /** Where CPU and memory of the arms are read. */
    metrics: z
      .strictObject({
        baseline: sourceSchema,
        canary: sourceSchema,
        control: sourceSchema.optional(),
      })
      .optional(),
  })
  .refine((target) => target.metrics?.control === undefined || target.control !== undefined, {
    path: ['metrics', 'control'],
    error: 'belongs to an arm that the target does not have',
    params: { mend: 'name its address in control, or take it out' },
  })
export type Target = z.output<typeof targetSchema>
