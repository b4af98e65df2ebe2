/** Fills the places of one action's request: with what is fixed, data, a secret or a live value. */

import type { JsonValue } from '../../core/contract/profile.ts'
import { jsonTemplate } from './body/shape.ts'
import type { Filling } from './correlate.ts'
import { choose, withCredentials } from './fields.ts'
import type { Seen, Showing } from './fields.ts'
import type { Slot } from './live/slots.ts'
import type { PatternSegment } from './path/tree.ts'
import { identifierOf, takeFree } from './path/words.ts'
import type { OntologyInput } from '../../core/contract/ontology.ts'
import type { Upload } from './body/multipart.ts'
import { literalText } from './survey.ts'
import type { Draft } from './survey.ts'

type RequestInput = OntologyInput['actions'][string]['request']
type UploadInput = Extract<
  NonNullable<RequestInput['multipart']>[string],
  { filename?: string | undefined }
>

export class Filler {
  /** In which names of `data` the values of the slots are. */
  readonly dataNames = new Map<Slot, string>()
  /** What somebody has to look at, in one sentence each. */
  readonly open: string[] = []
  /** Some value is another one in each session. */
  namesTwin = false
  readonly #draft: Draft
  readonly #fillings: ReadonlyMap<Slot, Filling>
  readonly #showing: Showing
  readonly #taken = new Set<string>()

  constructor(
    draft: Draft,
    around: { readonly fillings: ReadonlyMap<Slot, Filling>; readonly showing: Showing },
  ) {
    this.#draft = draft
    this.#fillings = around.fillings
    this.#showing = around.showing
  }

  segment(segment: PatternSegment): string {
    if (segment.kind === 'literal') return literalText(segment.text)
    const { name } = segment
    const slot: Slot = `path:${name}`
    return this.#captured(slot, name) ?? `{{data.${this.#data(slot, name)}}}`
  }

  table(part: 'query' | 'form'): Record<string, string | string[]> {
    const seenOnes = withCredentials(this.#draft[part].all(), this.#showing.logins)
    const rows = seenOnes.map((seen) => {
      const filled = this.#value(`${part}:${seen.name}`, seen, part === 'query' ? 'query' : 'body')
      const texts = Array.isArray(filled) ? filled.map(plainText) : plainText(filled)
      return [seen.name, texts] as const
    })
    return Object.fromEntries(rows)
  }

  body(): Pick<RequestInput, 'json' | 'form' | 'multipart'> {
    const { json: samples, form, uploads } = this.#draft
    if (samples.length === 0) {
      if (form.requests === 0) return {}
      if (uploads === undefined) return { form: this.table('form') }
      const files = [...uploads].map(([name, upload]) => [name, this.#file(name, upload)] as const)
      return { multipart: { ...this.table('form'), ...Object.fromEntries(files) } }
    }
    // All places first: whether a name belongs to a password shows at the one beside it.
    const all: Seen[] = []
    jsonTemplate(samples, (seen) => {
      all.push(seen)
      return null
    })
    const marked = withCredentials(all, this.#showing.logins)
    let index = 0
    const json = jsonTemplate(samples, (seen, path) => {
      index += 1
      return this.#value(`json:${path}`, marked[index - 1] ?? seen, 'body')
    })
    return { json }
  }

  headers(): Record<string, string> {
    const headers: Record<string, string> = {}
    for (const { name, first, isVarying, isAlways } of this.#draft.headers.all()) {
      if (!isVarying && isAlways) headers[name] = plainText(first)
      else this.open.push(`header "${name}" was not always the same and is left out`)
    }
    for (const [slot, { name, prefix }] of this.#fillings) {
      if (slot.startsWith('header:')) headers[slot.slice(7)] = `${prefix}{{captured.${name}}}`
    }
    return headers
  }

  /** A file input that nobody used is sent as an empty file. */
  #file(name: string, { ending, type, bytes }: Upload): UploadInput {
    const content = { content_type: type === '' ? 'application/octet-stream' : type }
    if (bytes === 0) return { content: '', filename: '', ...content }
    this.open.push(`"${name}" is a file; generated text stands in, or name one with "file"`)
    return { size: `${bytes}b`, filename: `upload${ending}`, ...content }
  }

  #value(slot: Slot, seen: Seen, part: 'query' | 'body'): JsonValue {
    const { operation } = this.#draft
    // What says which call it is can be no other value.
    if (seen.name === operation?.field && seen.first === operation.value) return operation.value
    const filling = this.#fillings.get(slot)
    const live = filling?.isChoice === true ? undefined : this.#captured(slot, seen.name)
    if (live !== undefined) return live
    const choice = choose(seen, part, this.#showing)
    if (filling?.isChoice === true && choice.kind !== 'secret') {
      if (choice.kind === 'stand-in') return `{{captured.${filling.name}}}`
      return `{{data.${this.#data(slot, seen.name)}|captured.${filling.name}}}`
    }
    switch (choice.kind) {
      case 'data':
        return `{{data.${this.#data(slot, seen.name)}}}`
      case 'secret':
        this.open.push(`"${seen.name}" is sent from OUTRIDER_SECRET_${choice.secret}; set it`)
        return `{{secret.${choice.secret}}}`
      case 'stand-in':
        this.namesTwin ||= String(choice.value).includes('{{session.id}}')
        this.open.push(`"${seen.name}" was not kept; ${JSON.stringify(choice.value)} stands in`)
        return choice.value
      case 'literal':
        return choice.value
    }
  }

  #captured(slot: Slot, name: string): string | undefined {
    const filling = this.#fillings.get(slot)
    if (filling === undefined) return undefined
    if (filling.isLiveOnly) return `${filling.prefix}{{captured.${filling.name}}}`
    return `${filling.prefix}{{captured.${filling.name}|data.${this.#data(slot, name)}}}`
  }

  #data(slot: Slot, name: string): string {
    const known = this.dataNames.get(slot)
    if (known !== undefined) return known
    const free = takeFree(identifierOf(name, 'value'), this.#taken)
    this.dataNames.set(slot, free)
    return free
  }
}

function plainText(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
