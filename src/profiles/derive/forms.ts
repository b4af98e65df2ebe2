/**
 * The data of a step in several forms, from the one that says most to the one that says least. Which
 * form is kept is decided when it is known how many people used each (anonymise.ts): a step whose
 * search word is rare is still a search, and one with a rare id is still a view.
 */

import type { JsonValue } from '../../core/contract/profile.ts'
import { kindOfName } from './personal/names.ts'
import { fillSigns, hidePersonal, hideWhole, type Hiding } from './personal/recognise.ts'
import { fakeOf, type Hidden } from './personal/replace.ts'
import type { Pseudonyms } from './pseudonyms.ts'

export type StepData = Readonly<Record<string, JsonValue>>

export interface Form {
  /** Equal for forms of the same action and data; what was hidden does not count. */
  readonly key: string
  /** With a sign where something is hidden. */
  readonly data: StepData
  readonly hidden: readonly Hidden[]
}

export interface RawData {
  readonly path: StepData
  /** Of query and body, as far as it is on the allow-lists. */
  readonly extra: StepData
}

/** At least one form; the fullest first. */
export function formsOf(action: string, { path, extra }: RawData, of: Pseudonyms): Form[] {
  const raws =
    Object.keys(extra).length === 0
      ? [{ path, extra }]
      : [
          { path, extra },
          { path, extra: {} },
        ]
  const forms = raws.flatMap((raw) => [hide(action, raw, false, of), hide(action, raw, true, of)])
  return forms.filter(({ key }, index) => forms.findIndex((form) => form.key === key) === index)
}

/** A form without some of its data. */
export function withoutData(action: string, form: Form, name: string): Form {
  const { [name]: _gone, ...data } = form.data
  return { ...form, key: keyOf(action, data), data }
}

/** The data with faker values where something was hidden. */
export function filledData({ data, hidden }: Form, session: string, of: Pseudonyms): StepData {
  if (hidden.length === 0) return data
  return mapTexts(data, (_name, text) =>
    fillSigns(text, (index) => {
      const value = hidden[index]
      return value === undefined ? '' : fakeOf(value, session, of)
    }),
  )
}

function hide(action: string, { path, extra }: RawData, hidesIds: boolean, of: Pseudonyms): Form {
  const hidden: Hidden[] = []
  const hideText = (name: string, text: string, isPath: boolean): string => {
    const kind = kindOfName(name, isPath)
    const hiding: Hiding =
      kind === undefined
        ? hidePersonal(text, hidesIds, hidden.length)
        : hideWhole(kind, text, hidden.length)
    for (const match of hiding.matches) {
      hidden.push({ kind: match.kind, token: of(match.text), length: match.text.length })
    }
    return hiding.text
  }
  const data = {
    ...mapTexts(path, (name, text) => hideText(name, text, true)),
    ...mapTexts(extra, (name, text) => hideText(name, text, false)),
  }
  return { key: keyOf(action, data), data, hidden }
}

/** Every text of the data; a number is a text too where it may be somebody's. */
function mapTexts(data: StepData, map: (name: string, text: string) => string): StepData {
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [name, mapValue(value, (text) => map(name, text))]),
  )
}

function mapValue(value: JsonValue, map: (text: string) => string): JsonValue {
  if (typeof value === 'string') return map(value)
  if (typeof value === 'number') {
    const text = String(value)
    const mapped = map(text)
    return mapped === text ? value : mapped
  }
  return Array.isArray(value) ? value.map((item) => mapValue(item, map)) : value
}

function keyOf(action: string, data: StepData): string {
  return JSON.stringify([action, data])
}
