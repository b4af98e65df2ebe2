/** A schema from outside: its JSON Schema, its fields, what it parses to. Only core knows zod. */

import * as z from 'zod'

export type Schema = z.ZodType
export type ObjectSchema = z.ZodObject
/** What a schema gives after parsing. */
export type Parsed<Of extends Schema> = z.output<Of>

/** Of a route that takes no query. */
export const noFields = z.strictObject({})
/** Of a route that takes no body. */
export const anyValue = z.unknown()

/** JSON Schema 2020-12, which OpenAPI 3.1 uses: of what comes in, or of what goes out. */
export function jsonSchemaOf(schema: Schema, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return rest
}

export interface Field {
  readonly name: string
  readonly schema: Schema
  readonly isRequired: boolean
}

/** The fields of an object schema, in its order. */
export function fieldsOf(schema: ObjectSchema): Field[] {
  return Object.entries(schema.shape).map(([name, field]) => {
    const isSchema = field instanceof z.ZodType
    const known = isSchema ? field : anyValue
    return { name, schema: known, isRequired: !known.safeParse(undefined).success }
  })
}
