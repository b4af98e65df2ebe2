import { describe, expect, it } from 'vitest'
import { proposeOntology } from '../../../src/actions/propose/propose.ts'
import type { RecordedExchange } from '../../../src/actions/propose/recorded.ts'
import { exchange, ontologyOf, routesOf, session } from './given.ts'

const page = (responseBody: string, status = 200): Partial<RecordedExchange> => ({
  responseHeaders: { 'content-type': 'text/html' },
  responseBody,
  status,
})
const sent = (requestBody: string, location = '/'): Partial<RecordedExchange> => ({
  requestHeaders: { 'content-type': 'application/x-www-form-urlencoded' },
  requestBody,
  status: 302,
  responseHeaders: { location },
})
const moved = (location: string): Partial<RecordedExchange> => ({
  status: 302,
  responseHeaders: { location },
})

/** As a recording of one's own clicks, of which no body is kept. */
function proposed(...sessions: readonly (readonly RecordedExchange[])[]) {
  const list = sessions.flatMap((steps, index) => session(`c${index}`, steps))
  const proposal = proposeOntology(list, {
    keep: (part) => (part === 'query' ? undefined : false),
  })
  ontologyOf(proposal)
  return proposal
}

function bodyOf(proposal: ReturnType<typeof proposed>, action: string): unknown {
  const { form, multipart } = proposal.document.actions[action]?.request ?? {}
  return form ?? multipart
}

describe('proposeOntology() of pages with forms', () => {
  it('makes nothing live of what people typed, and of a login that shows it again', () => {
    const login = '<form><input name="user" value="ann"><input type="password" name="p"></form>'
    const proposal = proposed([
      exchange('GET /login', page(login)),
      exchange('POST /login', sent('user=ann&p=geheim')),
    ])
    expect(bodyOf(proposal, 'login')).toEqual({
      user: '{{secret.USER}}',
      p: '{{secret.PASSWORD}}',
    })
    expect(proposal.yaml).not.toMatch(/geheim|ann\b/)
  })

  it('takes the name and the password from what the page says of its fields', () => {
    const form =
      '<form><input type=hidden name=user_id value=7><input name="u"><input type="password" name="p"></form>'
    const proposal = proposed([
      exchange('GET /enter', page(form)),
      exchange('POST /enter', sent('user_id=7&u=annabel&p=geheim')),
    ])
    expect(bodyOf(proposal, 'create_enter')).toEqual({
      user_id: '{{captured.user_id}}',
      u: '{{secret.USER}}',
      p: '{{secret.PASSWORD}}',
    })
  })

  it('sends what nobody touched as the page of the other instance has it', () => {
    const form = (text: string): string => `<form action="/save">
      <input type=hidden name=utf8 value="&#x2713;"><textarea name=text>${text}</textarea>
      <button name=deed value=save>Save</button><button type=button name=no value=no></form>`
    const proposal = proposed(
      [
        exchange('GET /edit', page(form('a & b'))),
        exchange('POST /save', sent('utf8=%E2%9C%93&text=a+%26+b&deed=save')),
      ],
      [
        exchange('GET /edit', page(form('c'))),
        exchange('POST /save', sent('utf8=%E2%9C%93&text=c&deed=save')),
      ],
    )
    expect(bodyOf(proposal, 'save')).toEqual({
      utf8: '{{captured.utf8}}',
      text: '{{captured.text}}',
      deed: '{{captured.deed}}',
    })
    expect(proposal.document.actions['view_edit']?.capture).toEqual({
      utf8: { form_field: 'utf8' },
      text: { form_field: 'text' },
      deed: { form_field: 'deed' },
    })
  })

  it('names the form where several have a field of that name, by what is no id', () => {
    const form = `<form id="search"><input type=hidden name=title value=Search></form>
      <form id="form-07c1328d" name="edit"><input type=hidden name=title value=Start></form>`
    const proposal = proposed([
      exchange('GET /page', page(form)),
      exchange('POST /page', sent('title=Start')),
    ])
    expect(proposal.document.actions['view_page']?.capture).toEqual({
      title: { form_field: 'title', form: 'edit' },
    })
  })

  it('leaves to the form what may not be kept of choices, and keeps what a form offers', () => {
    const form = `<form><select name=color><option>red<option>blue</select>
      <input type=hidden name=public value=0><input type=checkbox name=public value=1>
      <input type=checkbox name="on[]" value=wiki><input type=checkbox name="on[]" value=news></form>`
    const rest = '&public=0&public=1&on%5B%5D=wiki&on%5B%5D=news&_method=patch'
    const proposal = proposed(
      [exchange('GET /new', page(form)), exchange('POST /new', sent(`color=blue${rest}`))],
      [exchange('GET /new', page(form)), exchange('POST /new', sent(`color=red${rest}`))],
    )
    expect(bodyOf(proposal, 'create_new')).toEqual({
      color: '{{captured.color}}',
      public: ['0', '1'],
      'on[]': ['wiki', 'news'],
      _method: 'patch',
    })
  })

  it('captures the token of a page that sends strangers to the login', () => {
    const form = (token: string): string =>
      `<form><input type=hidden name=_csrf value="${token}"></form>`
    const visit = (token: string): RecordedExchange[] => [
      exchange('GET /new', moved('/login')),
      exchange('GET /new', moved('/login')),
      exchange('GET /new', page(form(token))),
      exchange('POST /new', sent(`_csrf=${token}`)),
    ]
    const proposal = proposed(visit('aaaa1111bbbb'), visit('cccc2222dddd'))
    expect(bodyOf(proposal, 'create_new')).toEqual({ _csrf: '{{captured.csrf}}' })
    expect(proposal.document.actions['view_new']?.capture).toEqual({
      csrf: { form_field: '_csrf', optional: true },
    })
  })

  it('follows what a form named to where the answer leads', () => {
    const visit = (name: string): RecordedExchange[] => [
      exchange(
        'POST /projects',
        sent(`name=${name}`, `http://shop.test/projects/${name}/settings`),
      ),
      exchange(`GET /projects/${name}/settings`),
      exchange(`GET /projects/${name}`),
    ]
    const proposal = proposed(visit('oak-tables'), visit('soft%20chairs'))
    expect(routesOf(proposal)).toEqual({
      create_project: 'POST /projects',
      list_project_settings: 'GET /projects/:project_slug/settings',
      view_project: 'GET /projects/:project_slug',
    })
    expect(proposal.document.actions['create_project']?.capture).toEqual({
      project_slug: { header: 'location', match: '/projects/([^/?#]+)', decode: 'url' },
    })
  })

  it('finds short ids of links, past the words beside them', () => {
    const visit = (id: number): RecordedExchange[] => [
      exchange('GET /news', page(`<a href="/news/new">+</a><a href="/news/${id}">News</a>`)),
      exchange(`GET /news/${id}`),
    ]
    const proposal = proposed(visit(3), visit(4))
    expect(proposal.document.actions['list_news']?.capture).toEqual({
      news_id: { body: String.raw`<a href="/news/(\d{1,20})` },
    })
  })

  it.each([
    ['in a meta tag', (token: string) => `<meta name="csrf-token" content="${token}">`, undefined],
    [
      'in a meta tag the other way round',
      (token: string) => `<meta content="x" name="a"><meta content="${token}" name="csrf-token">`,
      undefined,
    ],
    [
      'in a script',
      (token: string) => `<script>set({"csrfToken":${JSON.stringify(token)}})</script>`,
      'json',
    ],
    [
      'with character references',
      (token: string) => `<meta name="t" content="${token.replaceAll('+', '&#43;')}">`,
      'html',
    ],
  ])('finds a token %s', (_where, html, decode) => {
    const visit = (token: string): RecordedExchange[] => [
      exchange('GET /', page(html(token))),
      exchange('POST /like', { requestHeaders: { 'x-csrf-token': token } }),
    ]
    const proposal = proposed(visit('aB3/d+ef0123456\\=='), visit('zY9/x+wv9876543\\=='))
    const capture = proposal.document.actions['view_home']?.capture?.['x_csrf_token']
    expect(capture).toMatchObject(decode === undefined ? {} : { decode })
    expect(proposal.document.actions['like']?.request.headers).toEqual({
      'x-csrf-token': '{{captured.x_csrf_token}}',
    })
  })

  it('reads a cookie that is sent back decoded, though it was set only once', () => {
    const visit = (cookie: string): RecordedExchange[] => [
      exchange('GET /shop', {
        responseHeaders: { 'set-cookie': `XSRF-TOKEN=${encodeURIComponent(cookie)}; Path=/` },
      }),
      exchange('GET /shop'),
      exchange('POST /like', { requestHeaders: { 'x-xsrf-token': cookie } }),
    ]
    const proposal = proposed(visit('eyJpdiI6IkE9=='), visit('eyJpdiI6IkI9=='))
    expect(proposal.document.actions['view_shop']?.capture).toEqual({
      x_xsrf_token: { cookie: 'XSRF-TOKEN', decode: 'url' },
    })
  })

  it('proposes multipart forms, with generated text for their files', () => {
    const upload = (token: string): string =>
      [
        '--XX',
        'Content-Disposition: form-data; name="_csrf"\r\n',
        token,
        '--XX',
        'Content-Disposition: form-data; name="title"\r\n',
        `Grüße ${token}\r\n--X`,
        '--XX',
        'Content-Disposition: form-data; name="photo"; filename="Tante Käthe.JPG"\r\nContent-Type: image/jpeg\r\n',
        'ÿØÿà',
        '--XX',
        'Content-Disposition: form-data; name="other"; filename=""\r\nContent-Type: application/octet-stream\r\n',
        '',
        '--XX--\r\n',
      ].join('\r\n')
    const visit = (token: string): RecordedExchange[] => [
      exchange('GET /new', page(`<form><input type=hidden name=_csrf value=${token}></form>`)),
      exchange('POST /new', {
        ...sent(upload(token)),
        requestHeaders: { 'content-type': 'multipart/form-data; boundary=XX' },
      }),
    ]
    const proposal = proposed(visit('aaaa1111bbbb'), visit('cccc2222dddd'))
    expect(bodyOf(proposal, 'create_new')).toEqual({
      _csrf: '{{captured.csrf}}',
      title: 'text-{{session.id}}',
      photo: { size: '4b', filename: 'upload.jpg', content_type: 'image/jpeg' },
      other: { content: '', filename: '', content_type: 'application/octet-stream' },
    })
    expect(proposal.document.actions['create_new']?.kind).toBe('upload')
    expect(proposal.yaml).not.toMatch(/Käthe|Grüße/)
  })

  it('tells the calls of one script apart by the field that says what is done', () => {
    const steps = [
      exchange('GET /doku.php?id=start'),
      exchange('GET /doku.php?id=start&do=edit'),
      exchange('GET /doku.php?id=start&do=logout'),
      exchange('POST /doku.php', sent('do=save&id=start')),
      exchange('POST /doku.php', sent('do=preview&id=start')),
      exchange('GET /shelves?do=sit'),
      exchange('GET /shelves?do=stand'),
    ]
    const proposal = proposed(steps)
    expect(Object.values(routesOf(proposal)).toSorted()).toEqual([
      'GET /doku.php',
      'GET /doku.php do=edit',
      'GET /doku.php do=logout',
      'GET /shelves',
      'POST /doku.php do=preview',
      'POST /doku.php do=save',
    ])
    expect(bodyOf(proposal, 'save')).toMatchObject({ do: 'save' })
    expect(proposal.document.actions['logout']).toMatchObject({
      kind: 'authenticate',
      mutates: true,
    })
  })
})
