/** The `routers:` of the configuration: where the weight is set. Other kinds are refused by name. */

import * as z from 'zod'

/** Words of the Runtime API end at a space, and `;` begins the next command. */
const RUNTIME_WORD = /^[^\s;#\\<>'"][^\s;\\<>'"]*$/
const runtimeWord = z
  .string()
  .max(1000)
  .regex(RUNTIME_WORD, { error: 'must be without spaces, quotes, ";", "\\", "<" and ">"' })
const backendName = z
  .string()
  .regex(/^[A-Za-z0-9_.:-]{1,200}$/, { error: 'must be the name of a backend section' })

const haproxySchema = z.strictObject({
  kind: z.literal('haproxy'),
  /** Path of the `stats socket`, or `host:port` where it is a TCP one. */
  socket: z.string().min(1).max(1000),
  mode: z.literal('map').default('map'),
  /** The map file as haproxy.cfg spells it: to HAProxy that is its name. */
  map: runtimeWord,
  key: runtimeWord.default('canary'),
  backends: z
    .strictObject({ baseline: backendName, canary: backendName })
    .refine(({ baseline, canary }) => baseline !== canary, { error: 'must be two backends' }),
})
export type HaproxySettings = z.output<typeof haproxySchema>

/** RFC 6265 and RFC 9110: both are tokens. */
const token = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,200}$/, {
  error: 'must be the name of a cookie or header',
})

const embeddedSchema = z.strictObject({
  kind: z.literal('embedded'),
  listen: z
    .string()
    .regex(/^(?:\[[0-9A-Fa-f:]+\]|[^\s:/]+):\d{1,5}$/, {
      error: 'must be an address and a port like 127.0.0.1:8000',
    })
    .refine((text) => Number(text.slice(text.lastIndexOf(':') + 1)) <= 65_535, {
      error: 'must have a port of at most 65535',
    }),
  /** The target whose baseline and canary the users are sent to. */
  target: z.string().min(1),
  /** What tells one user from another; left out = a cookie that the proxy sets. */
  user_key: z
    .union([z.strictObject({ cookie: token }), z.strictObject({ header: token })])
    .optional(),
})
export type EmbeddedSettings = z.output<typeof embeddedSchema>

export const routerSchema = z.discriminatedUnion('kind', [haproxySchema, embeddedSchema])

const NOT_BUILT_KINDS = [
  'nginx',
  'caddy',
  'xds',
  'varnish',
  'kubernetes',
  'istio',
  'traefik',
  'smi',
  'exec',
  'webhook',
]

/** Values of the contract that later versions bring, by path. */
export const NOT_BUILT_ROUTER_VALUES: readonly string[] = [
  ...NOT_BUILT_KINDS.map((kind) => `routers.*.kind=${kind}`),
  'routers.*.mode=weights',
]
