/** What the forms of recorded pages say of their fields: which are passwords, what can be chosen. */

import { formFieldsOf } from '../response/form-field.ts'
import type { FormField } from '../response/form-field.ts'
import type { Login } from './fields.ts'
import type { RecordedExchange } from './recorded.ts'

export interface Forms {
  readonly logins: readonly Login[]
  readonly isOffered: (name: string, value: string) => boolean
}

const MOST_PAGE_CHARS = 2 ** 18
const MOST_PAGES = 2000
const MOST_LOGINS = 50
const MOST_CHOICES = 20_000
const INTERESTING = /\stype\s*=\s*["']?(?:password|checkbox|radio)\b|<select\b/i

export function formsIn(exchanges: readonly RecordedExchange[]): Forms {
  const logins = new Map<string, Login>()
  const offered = new Set<string>()
  let pages = 0
  for (const { responseBody = '' } of exchanges) {
    if (responseBody.length > MOST_PAGE_CHARS || !INTERESTING.test(responseBody)) continue
    pages += 1
    if (pages > MOST_PAGES) break
    const fields = formFieldsOf(responseBody)
    for (const login of loginsAmong(fields)) {
      if (logins.size < MOST_LOGINS) logins.set(`${login.user} ${login.password}`, login)
    }
    for (const { name, choices } of fields) {
      for (const choice of choices) {
        if (offered.size < MOST_CHOICES) offered.add(keyOf(name, choice))
      }
    }
  }
  return {
    logins: [...logins.values()],
    isOffered: (name, value) => offered.has(keyOf(name, value)),
  }
}

/** By the type of the field: what an application calls its passwords is its own affair. */
function loginsAmong(fields: readonly FormField[]): Login[] {
  return fields.flatMap(({ name: password, form, isPassword }, index) => {
    if (!isPassword) return []
    const before = fields.slice(0, index).findLast((one) => one.isTyped && one.form === form)
    return [{ password, user: before?.isPassword === true ? undefined : before?.name }]
  })
}

function keyOf(name: string, value: string): string {
  return `${name}\0${value}`
}
