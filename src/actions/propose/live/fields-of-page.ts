/**
 * Fields of a page's forms that a later request sent.
 *
 * A field that nobody touched is sent as the page had it: hidden fields, the button, what a form for
 * editing was filled with. Whether its value varies says nothing, and who said it first neither; the
 * page of another instance has the right one. A choice that the page offered is a valid value, too.
 * Pages with several forms often have fields of one name in each, so a source names the form then, by
 * what stays the same from page to page; by another of its fields where it has no name of its own.
 */

import { formFieldsOf, isForm } from '../../response/form-field.ts'
import type { FormField } from '../../response/form-field.ts'
import { formOf, isIdentifier } from '../path/form.ts'
import type { Found, Wanted } from './sources.ts'

const MOST_CHARS = 4096
/** Shorter values stand in many fields. */
const LEAST_CHARS = 4
const MOST_NAMES = 20

export function fieldsOfPage(page: string): FormField[] {
  return page.includes('<') ? formFieldsOf(page) : []
}

/** As findFormField(), of fields that are read already. */
export function fieldValueIn(
  fields: readonly FormField[],
  name: string,
  form: string | undefined,
): string | undefined {
  return fields.find(
    (field) =>
      field.name === name &&
      field.value !== undefined &&
      (form === undefined || isForm(field.form, form)),
  )?.value
}

export function fieldSourcesIn(
  fields: readonly FormField[],
  { texts, inForms }: Pick<Wanted, 'texts' | 'inForms'>,
): Found[] {
  return fields.flatMap((field): Found[] => {
    const { value } = field
    const own = inForms.get(field.name)
    if (value === undefined || value.length > MOST_CHARS) return []
    const isAnywhere = value.length >= LEAST_CHARS && texts.has(value)
    if (own === undefined && !isAnywhere) return []
    const form = needsForm(field, fields) ? stableNameOf(field, fields) : undefined
    if (fieldValueIn(fields, field.name, form) !== value) return []
    const source = { form_field: field.name, ...(form === undefined ? {} : { form }) }
    const found: Found[] = []
    const add = (text: string, only: Found['only']): void => {
      found.push({ text, type: 'string', source, ...(only === undefined ? {} : { only }) })
    }
    if (isAnywhere) add(value, undefined)
    // What a login already shows is what somebody typed there before.
    const isLogin = field.isTyped && fields.some((one) => one.isPassword && one.form === field.form)
    if (own?.has(value) === true && !isLogin) add(value, 'untouched')
    // An empty choice asks for one.
    if (value === '') return found
    for (const choice of field.choices) {
      if (choice !== value && own?.has(choice) === true) add(choice, 'chosen')
    }
    return found
  })
}

function needsForm({ name, value }: FormField, fields: readonly FormField[]): boolean {
  return fields.some(
    (other) => other.name === name && other.value !== undefined && other.value !== value,
  )
}

/** What tells its form from others and holds no id; undefined where nothing does. */
function stableNameOf(
  { name, value, form }: FormField,
  fields: readonly FormField[],
): string | undefined {
  if (form === undefined) return undefined
  const names = [form.id, form.name, form.action, ...form.fields].filter(
    (text) => text !== undefined && text !== '' && text !== name,
  )
  return names
    .slice(0, MOST_NAMES)
    .find(
      (text) =>
        text !== undefined &&
        !/^https?:/i.test(text) &&
        text.split('/').every((part) => !isIdentifier(formOf(part))) &&
        fieldValueIn(fields, name, text) === value,
    )
}
