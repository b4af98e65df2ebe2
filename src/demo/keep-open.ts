/** After the story: everything stays up, with the slow version as canary, for people to try. */

import { SHOP_VERSIONS } from './catalogue.ts'
import { ROUTER, TARGET, type Stage } from './stage.ts'
import type { Teller } from './teller.ts'

/** Resolves when the signal aborts. */
export async function keepOpen(stage: Stage, teller: Teller, signal: AbortSignal): Promise<void> {
  const { places, page } = stage
  await places.deploy('canary', SHOP_VERSIONS.slow)
  const { baseline, canary } = { baseline: places.shop('baseline'), canary: places.shop('canary') }
  teller.show('')
  teller.say(
    `Shops (${baseline.version}, and ${canary.version} as canary), customers and page ` +
      `(${page.url}) stay up until Ctrl-C. Try it yourself:`,
  )
  teller.show(
    `  npx outrider probe --baseline ${baseline.url} \\`,
    `    --canary ${canary.url} --population shop`,
    `  npx outrider rollout start again --target ${TARGET} --router ${ROUTER} \\`,
    `    --server ${page.url}`,
  )
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
