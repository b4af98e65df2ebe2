/** From the configuration's `routers:` to a router that can be asked; nothing is opened here. */

import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Clock } from '../../core/clock.ts'
import type { Config } from '../../core/contract/config.ts'
import type { EmbeddedSettings } from '../../core/contract/routers.ts'
import { UsageError } from '../../core/errors.ts'
import { fileReason } from '../../core/file-reason.ts'
import { suggest } from '../../core/suggest.ts'
import { createEmbeddedAdapter } from './embedded.ts'
import { createHaproxyAdapter } from './haproxy.ts'
import { isTcpAddress } from './haproxy/runtime.ts'
import { createRouter, type Router, type RouterAdapter } from './router.ts'

export interface RouterParts {
  readonly config: Pick<Config, 'routers' | 'targets'>
  /** Folder that relative paths of the configuration are seen from. */
  readonly baseFolder: string
  readonly clock: Clock
}

export interface Routers {
  /**
   * The router of this name, not opened; the same one each time.
   * @throws UsageError `unknown-router`, `unknown-target` or `bad-config`
   */
  find(name: string): Promise<Router>
  /** The same, ready to be used. @throws RouterError `router-listen` */
  open(name: string): Promise<Router>
  /** Opens those that live in this process, so that their users are served. */
  openInProcess(): Promise<Router[]>
  close(): Promise<void>
}

/** The routers of one configuration; whoever made them closes them. */
export function createRouters(parts: RouterParts): Routers {
  const made = new Map<string, Promise<Router>>()
  const find = (name: string): Promise<Router> => {
    const before = made.get(name)
    if (before !== undefined) return before
    const making = adapterOf(name, parts).then((adapter) =>
      createRouter(name, adapter, parts.clock),
    )
    made.set(name, making)
    return making
  }
  const open = async (name: string): Promise<Router> => {
    const router = await find(name)
    await router.open()
    return router
  }
  return {
    find,
    open,
    async openInProcess() {
      const opened: Router[] = []
      for (const name of Object.keys(parts.config.routers)) {
        const router = await find(name)
        if (router.capabilities.isInProcess) opened.push(await open(name))
      }
      return opened
    },
    async close() {
      // One that could not be made has nothing to close.
      await Promise.allSettled([...made.values()].map(async (making) => (await making).close()))
    },
  }
}

async function adapterOf(name: string, parts: RouterParts): Promise<RouterAdapter> {
  const { routers } = parts.config
  const settings = Object.hasOwn(routers, name) ? routers[name] : undefined
  if (settings === undefined) {
    const known = Object.keys(routers)
    throw new UsageError(`no router "${name}" in outrider.yaml`, {
      code: 'unknown-router',
      where: 'routers',
      mend: known.length === 0 ? 'name one under "routers:" there' : suggest(name, known),
    })
  }
  switch (settings.kind) {
    case 'haproxy': {
      const { socket } = settings
      // The map stays as it is written: to HAProxy it is a name.
      const path = isTcpAddress(socket) ? socket : resolve(parts.baseFolder, socket)
      return createHaproxyAdapter(name, { ...settings, socket: path })
    }
    case 'embedded':
      return createEmbeddedAdapter(await embeddedOptions(name, settings, parts))
  }
}

async function embeddedOptions(
  name: string,
  settings: EmbeddedSettings,
  { config: { targets }, baseFolder, clock }: RouterParts,
): Promise<Parameters<typeof createEmbeddedAdapter>[0]> {
  const target = Object.hasOwn(targets, settings.target) ? targets[settings.target] : undefined
  if (target === undefined) {
    throw new UsageError(`no target "${settings.target}" in outrider.yaml for router "${name}"`, {
      code: 'unknown-target',
      where: `routers.${name}.target`,
      mend: suggest(settings.target, Object.keys(targets)),
    })
  }
  for (const arm of ['baseline', 'canary'] as const)
    refuseSocket(target[arm], `${settings.target}.${arm}`)
  const { host, tls } = target
  const ca = tls?.ca === undefined ? undefined : await readCa(resolve(baseFolder, tls.ca))
  const shared = {
    ...(host === undefined ? {} : { host }),
    ...(ca === undefined ? {} : { ca }),
  }
  return {
    name,
    settings,
    clock,
    baseline: { url: target.baseline, ...shared },
    canary: { url: target.canary, ...shared },
  }
}

/** @throws UsageError with code `not-built` */
function refuseSocket(address: string, where: string): void {
  if (!address.startsWith('unix:')) return
  throw new UsageError(
    `targets.${where} is a unix socket, which the embedded router cannot reach`,
    {
      code: 'not-built',
      where: `targets.${where}`,
      mend: 'let the application listen on a port as well',
    },
  )
}

async function readCa(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (thrown) {
    throw new UsageError(`Cannot read tls.ca: "${file}": ${fileReason(thrown)}`, {
      code: 'bad-config',
      where: 'tls.ca',
      mend: 'name a PEM file that can be read',
      cause: thrown,
    })
  }
}
