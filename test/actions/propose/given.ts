/** What the tests of proposing start from: recorded exchanges, and what their ontology says. */

import { parseOntology } from '../../../src/actions/load.ts'
import type { Ontology } from '../../../src/actions/ontology.ts'
import type { Proposal } from '../../../src/actions/propose/propose.ts'
import type { RecordedExchange } from '../../../src/actions/propose/recorded.ts'

/** `GET /orders/1`, answered with 200 unless the changes say otherwise. */
export function exchange(line: string, changes: Partial<RecordedExchange> = {}): RecordedExchange {
  const [method = 'GET', target = '/'] = line.split(' ')
  return {
    client: 'c1',
    person: 'p1',
    device: 'desktop',
    geo: 'ZZ',
    timeMs: 0,
    method,
    target,
    status: 200,
    ...changes,
  }
}

/** The same exchange of so many people. */
export function byPeople(count: number, line: string, changes: Partial<RecordedExchange> = {}) {
  return Array.from({ length: count }, (_, index) =>
    exchange(line, { client: `c${index}`, person: `p${index}`, ...changes }),
  )
}

/** Exchanges of one client, a second apart. */
export function session(client: string, steps: readonly RecordedExchange[]): RecordedExchange[] {
  return steps.map((step, index) => ({ ...step, client, person: client, timeMs: index * 1000 }))
}

export function ontologyOf(proposal: Proposal): Ontology {
  return parseOntology(proposal.yaml, 'proposed.yaml')
}

/** Action name → its route. */
export function routesOf({ document }: Proposal): Record<string, string> {
  return Object.fromEntries(
    Object.entries(document.actions).map(([name, { routes }]) => [name, routes?.[0] ?? '']),
  )
}
