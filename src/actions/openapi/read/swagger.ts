/**
 * A Swagger 2.0 document in the words of OpenAPI 3, so that only one of the two has to be known.
 *
 * Definitions, shared parameters and shared answers stay where they are: references into them hold
 * as they were written. What differs is where a body, a form, an answer's schema, the style of a
 * list and the address of the service stand, and that is put in its new place.
 */

import { at, entriesAt, isThing, listAt, textAt } from './document.ts'
import type { Thing } from './document.ts'

type Resolve = (value: unknown) => unknown

const METHODS = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch'])
const MAX_PARAMETERS = 200
const MAX_TYPES = 20
const FORM = 'application/x-www-form-urlencoded'
const MULTIPART = 'multipart/form-data'

/** @param resolve follows the references of the document as it was written */
export function openApiOf(root: Thing, resolve: Resolve): Thing {
  const paths = entriesAt(root, 'paths').map(([path, written]): [string, unknown] => {
    const item = resolve(written)
    return [path, isThing(item) ? itemOf(root, item, resolve) : item]
  })
  const schemes = entriesAt(root, 'securityDefinitions').map(([name, scheme]) => [
    name,
    schemeOf(resolve(scheme)),
  ])
  return {
    ...root,
    servers: [{ url: addressOf(root) }],
    components: { securitySchemes: Object.fromEntries(schemes) },
    paths: Object.fromEntries(paths),
  }
}

/** `https://api.example.com/v1`; the base alone where the document names no host. */
function addressOf(root: Thing): string {
  const host = textAt(root, 'host')
  const base = textAt(root, 'basePath') ?? '/'
  const scheme = listAt(root, 'schemes')[0]
  if (host === undefined || host === '') return base
  return `${typeof scheme === 'string' ? scheme : 'https'}://${host}${base}`
}

function schemeOf(scheme: unknown): unknown {
  return textAt(scheme, 'type') === 'basic' ? { type: 'http', scheme: 'basic' } : scheme
}

function itemOf(root: Thing, item: Thing, resolve: Resolve): Thing {
  const shared = parametersIn(item, resolve)
  const entries = Object.entries(item).map(([key, value]): [string, unknown] => {
    if (key === 'parameters') return [key, []]
    const operation = METHODS.has(key) ? resolve(value) : undefined
    return [key, isThing(operation) ? operationOf(root, operation, shared, resolve) : value]
  })
  return Object.fromEntries(entries)
}

function parametersIn(holder: Thing, resolve: Resolve): Thing[] {
  const list = listAt(holder, 'parameters').slice(0, MAX_PARAMETERS)
  return list.map((written) => resolve(written)).filter(isThing)
}

function operationOf(
  root: Thing,
  operation: Thing,
  shared: readonly Thing[],
  resolve: Resolve,
): Thing {
  const known = new Map<string, Thing>()
  for (const parameter of [...shared, ...parametersIn(operation, resolve)]) {
    known.set(`${textAt(parameter, 'in')} ${textAt(parameter, 'name')}`, parameter)
  }
  const all = [...known.values()]
  const body = all.find((one) => textAt(one, 'in') === 'body')
  const form = all.filter((one) => textAt(one, 'in') === 'formData')
  const consumed = typesOf(operation, root, 'consumes')
  const produced = typesOf(operation, root, 'produces')
  const answers = entriesAt(operation, 'responses').map(([status, answer]): [string, unknown] => [
    status,
    answerOf(resolve(answer), produced),
  ])
  return {
    ...operation,
    parameters: all.filter((one) => one !== body && !form.includes(one)).map(parameterOf),
    ...(body === undefined && form.length === 0
      ? {}
      : { requestBody: body === undefined ? formOf(form, consumed) : bodyOf(body, consumed) }),
    responses: Object.fromEntries(answers),
  }
}

function typesOf(operation: Thing, root: Thing, key: 'consumes' | 'produces'): string[] {
  const own = at(operation, key)
  const list = Array.isArray(own) ? own : listAt(root, key)
  const types = list.slice(0, MAX_TYPES).filter((type) => typeof type === 'string')
  return types.length === 0 ? ['application/json'] : types
}

function contentOf(types: readonly string[], media: Thing): Thing {
  return Object.fromEntries(types.map((type) => [type, media]))
}

/** Forms are for `formData`; a body that says it is one is JSON. */
function bodyOf(body: Thing, consumed: readonly string[]): Thing {
  const types = consumed.filter((type) => !type.startsWith(FORM) && !type.startsWith(MULTIPART))
  const example = at(body, 'x-example')
  const media = {
    schema: at(body, 'schema'),
    ...(example === undefined ? {} : { example }),
  }
  return { content: contentOf(types.length === 0 ? ['application/json'] : types, media) }
}

function formOf(form: readonly Thing[], consumed: readonly string[]): Thing {
  const hasFile = form.some((field) => textAt(field, 'type') === 'file')
  const isForm = !hasFile && consumed.some((type) => type.startsWith(FORM))
  const isMultipart = hasFile || consumed.some((type) => type.startsWith(MULTIPART))
  const properties = form.map((field) => [textAt(field, 'name') ?? '', schemaOf(field)])
  const required = form.filter((field) => at(field, 'required') === true)
  const schema = {
    type: 'object',
    properties: Object.fromEntries(properties),
    required: required.map((field) => textAt(field, 'name') ?? ''),
  }
  return { content: { [!isForm && isMultipart ? MULTIPART : FORM]: { schema } } }
}

/** In 2.0 a parameter is itself the schema of its value. */
function schemaOf(parameter: Thing): Thing {
  const {
    name: _name,
    in: _in,
    required: _required,
    description: _description,
    collectionFormat: _format,
    'x-example': example,
    ...schema
  } = parameter
  const isFile = textAt(schema, 'type') === 'file'
  return {
    ...schema,
    ...(example === undefined ? {} : { example }),
    ...(isFile ? { type: 'string', format: 'binary' } : {}),
  }
}

const STYLES: Readonly<Record<string, string>> = { ssv: 'spaceDelimited', pipes: 'pipeDelimited' }

function parameterOf(parameter: Thing): Thing {
  const place = textAt(parameter, 'in')
  const format = textAt(parameter, 'collectionFormat') ?? 'csv'
  const schema = schemaOf(parameter)
  return {
    name: at(parameter, 'name'),
    in: place,
    required: at(parameter, 'required'),
    schema,
    ...(at(schema, 'type') === 'array' && place === 'query'
      ? { style: STYLES[format] ?? 'form', explode: format === 'multi' }
      : {}),
  }
}

function answerOf(answer: unknown, produced: readonly string[]): unknown {
  const schema = at(answer, 'schema')
  if (!isThing(answer) || schema === undefined) return answer
  const content = contentOf(produced, { schema })
  // A schema of 3 knows no files; what comes back is not looked at as JSON then.
  const isFile = textAt(schema, 'type') === 'file'
  return { ...answer, content: isFile ? { 'application/octet-stream': {} } : content }
}
