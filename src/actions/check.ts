/** Remarks on an ontology that can run, but not as its author may think. */

import type { Action, Ontology } from './ontology.ts'

export interface Remark {
  readonly action: string
  readonly message: string
  readonly mend: string
}

/** Words of a path or a query that change something in many applications, even by GET. */
const SUSPICIOUS =
  /(?:^|[/_.:=?&-])(?:(?:user_?)?log_?-?(?:out|off)|sign_?-?(?:out|off)|delete|remove|destroy|unsubscribe|unfollow|revoke|purge|erase|trash)/i
/** A whole word, because each is also the beginning of harmless ones. */
const DEED =
  /[=/](?:rollback|undo|revert|approve|reject|cancel|confirm|disable|enable|activate|deactivate|reset|vote|upvote|downvote|follow|subscribe|markpatrolled|unwatch|watch|add_?-?to_?-?cart)(?=$|[/?&#])/i

/** True for `/logout`, `delete-order` and `?do=logout`, not for `/undeleted`. */
export function soundsMutating(text: string): boolean {
  return SUSPICIOUS.test(text) || DEED.test(text)
}

/** What stands out, in the order of the actions; empty for an ontology without remarks. */
export function remarksOf(ontology: Ontology): Remark[] {
  const actions = [...ontology.actions.values()]
  const used = new Set(actions.flatMap((action) => action.uses))
  return actions.flatMap((action) => {
    const parts = [
      sharedStateRemark(action),
      suspiciousRemark(action),
      needsRemark(action, actions),
      bodyRemark(action),
      cleanupRemark(action, ontology),
      ...unusedRemarks(action, used),
    ]
    return parts.flatMap((part) => (part ? [{ action: action.name, ...part }] : []))
  })
}

type Part = Omit<Remark, 'action'> | undefined

function sharedStateRemark(action: Action): Part {
  if (!action.mutates || action.namesTwin || action.document.shared_state === 'ok') return undefined
  return {
    message: 'it mutates, and twins would send the same request twice; it is skipped',
    mend: 'name {{arm}} or {{session.id}} in the request, or say "shared_state: ok"',
  }
}

function suspiciousRemark(action: Action): Part {
  const { path } = action.document.request
  if (action.mutates || action.document.mutates === false || !soundsMutating(path)) return undefined
  return {
    message: `it does not count as mutating, and its path "${path}" sounds as if it were`,
    mend: 'say "mutates: true", or "mutates: false" if it is harmless',
  }
}

function needsRemark(action: Action, actions: readonly Action[]): Part {
  const name = action.needs.find((need) =>
    actions.every((other) => other === action || !other.captures.includes(need)),
  )
  if (name === undefined) return undefined
  return {
    message: `it needs {{captured.${name}}}, which only it captures itself; every step is blocked`,
    mend: `capture "${name}" in an action that comes before`,
  }
}

function bodyRemark(action: Action): Part {
  if (action.document.request.method !== 'HEAD' || !action.needsBody) return undefined
  return {
    message: 'an expectation or a capture reads the body, and HEAD has none; every step fails',
    mend: 'use GET, or look at the headers only',
  }
}

function cleanupRemark(action: Action, ontology: Ontology): Part {
  const { cleanup } = action.document
  const target = cleanup === undefined ? undefined : ontology.actions.get(cleanup)
  if (!target || target.mutates) return undefined
  return {
    message: `its cleanup "${target.name}" does not mutate, so it cleans nothing up`,
    mend: `say "mutates: true" in "${target.name}" if it does`,
  }
}

function unusedRemarks(action: Action, used: ReadonlySet<string>): Part[] {
  return action.captures
    .filter((name) => !used.has(name))
    .map((name) => ({
      message: `nothing uses its capture "${name}"`,
      mend: `write {{captured.${name}}} in an action that comes after, or remove it`,
    }))
}
