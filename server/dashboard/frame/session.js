// @ts-check
/**
 * Who looks at the page. Where the server asks for tokens, the page shows a form until it has one;
 * the server keeps it in a cookie that no script can read, and a viewer gets no buttons.
 */

import { byId, element, setText } from '../parts/dom.js'
import { read } from '../parts/live.js'

/** @typedef {{ name?: string; role?: string }} Session */

/**
 * The session, after signing in if that is needed.
 * @returns {Promise<{ canAct: boolean }>}
 */
export async function enter() {
  const session = (await ask()) ?? (await signIn())
  // Without tokens everybody on this machine is the same local person: nobody signs out.
  if (session.name !== undefined && session.name !== 'local') showWho(session)
  return { canAct: session.role !== 'viewer' }
}

/** @returns {Promise<Session | undefined>} undefined where the server wants a token first */
async function ask() {
  try {
    return await read('/session')
  } catch (error) {
    // A server that is away, or that knows no sessions, says so at the first document.
    return Object(error).status === 401 ? undefined : {}
  }
}

/** @returns {Promise<Session>} */
async function signIn() {
  const main = byId('main')
  const hidden = [...main.children].filter((child) => child instanceof HTMLElement && !child.hidden)
  for (const child of hidden) child.toggleAttribute('hidden', true)
  const { form, token, problem } = createForm()
  main.append(form)
  setText(byId('live-word'), 'Not signed in')
  document.title = 'Sign in · Outrider'
  token.focus()
  const session = await new Promise((resolve) => {
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      void offer(token.value.trim()).then(async (why) => {
        setText(problem, why ?? '')
        token.setAttribute('aria-invalid', String(why !== undefined))
        if (why !== undefined) return token.focus()
        return resolve((await ask()) ?? {})
      })
    })
  })
  form.remove()
  for (const child of hidden) child.toggleAttribute('hidden', false)
  main.focus()
  return session
}

/**
 * @param {string} token
 * @returns {Promise<string | undefined>} why it was not taken
 */
async function offer(token) {
  if (token === '') return 'Enter the token that the server was given for you.'
  const response = await fetch('/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ token }),
  }).catch(() => undefined)
  if (response?.ok === true) return undefined
  if (response === undefined) return 'The server does not answer.'
  if (response.status === 401 || response.status === 403)
    return 'The server does not know this token.'
  const document = await response.json().catch(() => ({}))
  return document.detail ?? `The server answered ${response.status}.`
}

function createForm() {
  const token = element('input', {
    id: 'token',
    type: 'password',
    autocomplete: 'current-password',
    maxlength: 500,
    'aria-describedby': 'token-note token-problem',
  })
  const problem = element('p', { id: 'token-problem', class: 'bad sm', role: 'alert' })
  const form = element(
    'form',
    { class: 'card sign-in', 'aria-labelledby': 'sign-in-title' },
    element('h1', { id: 'sign-in-title', class: 'sentence' }, 'Sign in'),
    element(
      'p',
      { id: 'token-note', class: 'mut' },
      'This server asks for a token: the one whose digest stands under server.tokens in outrider.yaml.',
    ),
    element('label', { for: 'token' }, 'Token'),
    token,
    problem,
    element('p', { class: 'btns mt' }, element('button', { class: 'btn' }, 'Sign in')),
  )
  return { form, token, problem }
}

/** @param {Session} session */
function showWho({ name, role }) {
  const out = element('button', { type: 'button', class: 'btn sm' }, 'Sign out')
  out.addEventListener('click', () => {
    void fetch('/session', {
      method: 'DELETE',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    }).then(() => location.reload())
  })
  const who = element('span', {}, role === undefined ? `${name}` : `${name}, ${role}`)
  document.querySelector('.top')?.append(element('p', { class: 'who' }, who, out))
}
