/** The real parts some tests need from the machine: where each one is, and why a test skips without. */

import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

export type PartName = 'nginx' | 'nginx-echo' | 'haproxy' | 'chromium' | 'prometheus'

export interface Part {
  readonly name: PartName
  /** Debian packages that bring it. */
  readonly packages: readonly string[]
  /** Programs are looked for on the PATH too; a module only where its package puts it. */
  readonly program?: string
  readonly places: readonly string[]
  /** What is not tested without it. */
  readonly neededFor: string
}

export const PARTS: readonly Part[] = [
  {
    name: 'nginx',
    packages: ['nginx'],
    program: 'nginx',
    places: ['/usr/sbin/nginx', '/usr/bin/nginx', '/usr/local/sbin/nginx'],
    neededFor: 'probes of real nginx servers',
  },
  {
    name: 'nginx-echo',
    packages: ['libnginx-mod-http-echo'],
    places: [
      '/usr/lib/nginx/modules/ngx_http_echo_module.so',
      '/usr/lib64/nginx/modules/ngx_http_echo_module.so',
    ],
    neededFor: 'probes of real nginx servers with a planted delay',
  },
  {
    name: 'haproxy',
    packages: ['haproxy'],
    program: 'haproxy',
    places: ['/usr/sbin/haproxy', '/usr/bin/haproxy', '/usr/local/sbin/haproxy'],
    neededFor: 'moving the weight on a real HAProxy',
  },
  {
    name: 'chromium',
    packages: ['chromium'],
    program: 'chromium',
    places: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
    neededFor: 'the dashboard in a real browser',
  },
  {
    name: 'prometheus',
    packages: ['prometheus'],
    program: 'prometheus',
    places: ['/usr/bin/prometheus', '/usr/local/bin/prometheus'],
    neededFor: 'CPU and memory of the arms from a real Prometheus',
  },
]

/** The file of a part, or undefined where this machine does not have it. */
export function findPart(name: PartName): string | undefined {
  const part = PARTS.find((candidate) => candidate.name === name)
  if (part === undefined) return undefined
  const { program } = part
  const onPath =
    program === undefined
      ? []
      : (process.env['PATH'] ?? '')
          .split(delimiter)
          .filter((folder) => folder !== '')
          .map((folder) => join(folder, program))
  return [...part.places, ...onPath].find(isUsable)
}

/** Why a test that needs these parts cannot run here, or undefined if it can. */
export function skipReason(...names: readonly PartName[]): string | undefined {
  const missing = names.filter((name) => findPart(name) === undefined)
  return missing.length === 0
    ? undefined
    : `${missing.join(' and ')} not on this machine (npm test installs it on Debian as root)`
}

function isUsable(file: string): boolean {
  try {
    accessSync(file, file.endsWith('.so') ? constants.R_OK : constants.X_OK)
    return true
  } catch {
    return false
  }
}
