/** The page: the same address is HTML for a browser and a document for a program. */

import type { Hono } from 'hono'
import type { Access } from './access/access.ts'
import type { Assets, PageName } from './assets.ts'
import type { Outrider } from '../src/outrider.ts'

interface Page {
  readonly path: string
  readonly file: PageName
  readonly isKnown: (id: string) => boolean
}

export function mountPage(app: Hono, assets: Assets, outrider: Outrider, access: Access): void {
  const { rollouts } = outrider
  const pages: readonly Page[] = [
    {
      path: '/probes/:id',
      file: 'probe.html',
      isKnown: (id) => (outrider.findProbe(id) ?? outrider.findRun(id)) !== undefined,
    },
    {
      path: '/rollouts/:id',
      file: 'rollout.html',
      isKnown: (id) => rollouts.find(id) !== undefined,
    },
    {
      path: '/investigations/:id',
      file: 'investigation.html',
      isKnown: (id) => rollouts.findInvestigation(id) !== undefined,
    },
  ]
  app.get('/', () => assets.page('index.html'))
  app.get('/docs', () => assets.page('docs.html'))
  app.get('/history', () => assets.page('history.html'))
  for (const { path, file, isKnown } of pages) {
    app.get(path, async (context, next) => {
      if (!(context.req.header('accept') ?? '').includes('text/html')) {
        await next()
        context.res.headers.set('vary', 'accept')
        return undefined
      }
      // Who is not signed in gets the page with its form, and does not learn what there is.
      const mayKnow = access.signedIn(context) !== undefined
      const isThere = !mayKnow || isKnown(context.req.param('id') ?? '')
      return assets.page(file, isThere ? 200 : 404)
    })
  }
  app.use(async (context, next) => {
    const isRead = context.req.method === 'GET' || context.req.method === 'HEAD'
    const file = isRead
      ? assets.find(context.req.path, context.req.header('if-none-match'))
      : undefined
    if (file !== undefined) return file
    await next()
    return undefined
  })
}
