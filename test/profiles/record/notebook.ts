/**
 * A small real application of pages and forms, as frameworks make them: a script that does many things
 * by `do`, masked tokens that hold `/`, `+` and `=` and differ from form to form, buttons that must be
 * sent, a cookie that a script sends back decoded, uploads, and ids that belong to one instance.
 */

import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'

export interface Notebook {
  readonly url: string
  /** Method, target and status of everything that was asked. */
  readonly log: readonly string[]
  /** Title and colour of each note, as they came. */
  readonly notes: readonly string[]
  /** Resolves when a line of the log matches. */
  saw(pattern: RegExp): Promise<void>
  close(): Promise<void>
}

interface Answer {
  readonly status: number
  readonly headers?: Record<string, string | string[]>
  readonly html?: string
}

interface Asked {
  readonly method: string
  readonly path: string
  readonly deed: string
  readonly sid: string
  readonly header: string | undefined
  readonly fields: FormData
}

const USER = 'annabel'
export const PASSWORD = 'öpen sesame'

/** @param name of the instance; another name gives other ids and tokens */
export async function startNotebook(name: string): Promise<Notebook> {
  const log: string[] = []
  const notes: string[] = []
  const waiting = new Set<() => void>()
  const book = createBook(name, notes)
  const server = createServer((request, response) => {
    void readAsked(request).then((asked) => {
      const { status, headers, html = '' } = book(asked)
      response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', ...headers })
      response.end(html)
      log.push(`${request.method} ${request.url} ${status}`)
      for (const look of waiting) look()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    log,
    notes,
    saw: (pattern) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (log.some((line) => pattern.test(line))) resolve()
        }
        waiting.add(look)
        look()
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function readAsked(request: IncomingMessage): Promise<Asked> {
  const url = new URL(request.url ?? '/', 'http://book.test')
  const type = request.headers['content-type'] ?? ''
  const body = await text(request)
  const isForm = /form/.test(type) && body !== ''
  const fields = isForm
    ? await new Response(body, { headers: { 'content-type': type } }).formData()
    : new FormData()
  const sid = /\bsid=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? ''
  return {
    method: request.method ?? '',
    path: url.pathname,
    deed: url.searchParams.get('do') ?? '',
    sid,
    header: request.headers['x-xsrf-token']?.toString(),
    fields,
  }
}

function textOf(fields: FormData, key: string): string {
  const value = fields.get(key)
  return typeof value === 'string' ? value : ''
}

function createBook(name: string, notes: string[]): (asked: Asked) => Answer {
  const signedIn = new Set<string>()
  const first = 10 + name.length
  let made = 0
  const secretOf = (sid: string, what: string): string =>
    `/+${createHash('sha256').update(`${name} ${sid} ${what}`).digest('base64')}`
  const field = (sid: string, form: string): string =>
    `<input type="hidden" name="tok" value="${secretOf(sid, form).replaceAll('+', '&#43;')}">`
  const has = ({ sid, fields }: Asked, form: string): boolean =>
    fields.get('tok') === secretOf(sid, form)
  const page = (sid: string, html: string): Answer => ({
    status: 200,
    html: `<form id="find"><input name="q">${field(sid, 'find')}</form>${html}`,
  })
  const to = (location: string, headers: Record<string, string[]> = {}): Answer => ({
    status: 302,
    headers: { location, ...headers },
  })
  const refused: Answer = { status: 403 }

  const script = (asked: Asked): Answer => {
    const { method, deed, sid, fields } = asked
    if (deed === 'logout') {
      signedIn.delete(sid)
      return to('/')
    }
    if (deed === 'list') {
      if (!signedIn.has(sid)) return to('/book.php?do=login')
      const links = notes.map((_, index) => `<a href="/notes/${first + index}">n</a>`).toReversed()
      return page(sid, `<a href="/notes/new">new</a>${links.join('')}`)
    }
    if (method === 'GET') {
      made += 1
      const own = sid === '' ? createHash('md5').update(`${name}${made}`).digest('hex') : sid
      const shown = page(
        own,
        `<form action="/book.php" method="post">${field(own, 'login')}
        <input name="u"><input type="password" name="p"><button name="go" value="in">In</button></form>`,
      )
      const cookies = [
        `sid=${own}; Path=/; HttpOnly`,
        `XSRF-TOKEN=${encodeURIComponent(secretOf(own, 'cookie'))}; Path=/`,
      ]
      return sid === '' ? { ...shown, headers: { 'set-cookie': cookies } } : shown
    }
    const isRight = fields.get('u') === USER && fields.get('p') === PASSWORD
    if (!has(asked, 'login') || !isRight || fields.get('go') !== 'in') return refused
    signedIn.add(sid)
    return to('/book.php?do=list')
  }
  const note = (asked: Asked): Answer => {
    const { method, path, sid, fields, header } = asked
    const [, , id = '', deed = ''] = path.split('/')
    if (id === 'new') {
      return page(
        sid,
        `<form name="note" method="post" action="/notes" enctype="multipart/form-data">
        ${field(sid, 'note')}<input name="title"><select name="color"><option>red<option>blue</select>
        <input type="file" name="photo"><input type="submit" name="go" value="Speichern ✓"></form>`,
      )
    }
    if (id === '') {
      const [title = '', color = ''] = ['title', 'color'].map((key) => textOf(fields, key))
      const isWhole = fields.get('go') === 'Speichern ✓' && fields.get('photo') instanceof File
      if (!has(asked, 'note') || !isWhole || !['red', 'blue'].includes(color)) return refused
      notes.push(`${title} ${color}`)
      return to(`/notes/${first + notes.length - 1}`)
    }
    if (notes[Number(id) - first] === undefined) return { status: 404 }
    if (deed === 'like') {
      return header === secretOf(sid, 'cookie') ? { status: 200, html: 'liked' } : refused
    }
    if (method === 'GET') {
      return page(
        sid,
        `<form method="post">${field(sid, id)}<input type="hidden" name="rev" value="${id}-${name}">
        <textarea name="text">über ${id}</textarea></form>`,
      )
    }
    const isKept = fields.get('rev') === `${id}-${name}` && fields.get('text') === `über ${id}`
    return has(asked, id) && isKept ? to(`/notes/${id}`) : refused
  }
  return (asked) => {
    if (asked.path === '/') return to('/book.php?do=list')
    if (asked.path === '/book.php') return script(asked)
    if (!signedIn.has(asked.sid)) return to('/book.php?do=login')
    return note(asked)
  }
}

/** What one person does, as a browser sends it. @param url of the recorder, or of the application */
export async function writeNote(url: string, title: string, color: string): Promise<void> {
  const jar = new Map<string, string>()
  const headers = { 'user-agent': `Mozilla/5.0 (${color})` }
  const ask = async (target: string, init: RequestInit = {}): Promise<Response> => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(new URL(target, url), {
      redirect: 'manual',
      ...init,
      headers: { ...headers, cookie, ...Object.fromEntries(new Headers(init.headers)) },
    })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      jar.set(name, value)
    }
    return answer
  }
  const tokenOf = (html: string, index: number): string =>
    [...html.matchAll(/name="tok" value="([^"]*)"/g)][index]?.[1]?.replaceAll('&#43;', '+') ?? ''
  const goOn = async (answer: Response): Promise<string> =>
    (await ask(answer.headers.get('location') ?? '/')).text()

  await goOn(await ask('/'))
  const login = await (await ask('/book.php?do=login')).text()
  const named = { tok: tokenOf(login, 1), u: USER, p: PASSWORD, go: 'in' }
  await goOn(await ask('/book.php', { method: 'POST', body: new URLSearchParams(named) }))
  const form = new FormData()
  form.set('tok', tokenOf(await (await ask('/notes/new')).text(), 1))
  form.set('title', title)
  form.set('color', color)
  form.set('photo', new File([Buffer.from([0xff, 0xd8, 0, 13, 10, 1])], 'Tante Käthe.jpg'))
  form.set('go', 'Speichern ✓')
  const made = await ask('/notes', { method: 'POST', body: form })
  const place = made.headers.get('location') ?? ''
  const shown = await goOn(made)
  const id = /\d+$/.exec(place)?.[0] ?? ''
  await ask(`/notes/${id}/like`, {
    method: 'POST',
    headers: { 'x-xsrf-token': decodeURIComponent(jar.get('XSRF-TOKEN') ?? '') },
  })
  const rev = /name="rev" value="([^"]*)"/.exec(shown)?.[1] ?? ''
  const edited = { tok: tokenOf(shown, 1), rev, text: `über ${id}` }
  await goOn(await ask(`/notes/${id}`, { method: 'POST', body: new URLSearchParams(edited) }))
  await ask('/book.php?do=logout')
}
