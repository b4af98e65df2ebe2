import { describe, expect, it } from 'vitest'
import { isIdentifierPath } from '../../../src/analysis/answers/identifier.ts'

describe('isIdentifierPath()', () => {
  it.each([
    '$.id',
    '$.items[*].id',
    '$.cartId',
    '$.order_number',
    '$.meta.hostname',
    '$.createdAt',
    "$['x-request-id']",
    '$.pids[*].pid',
    '$.ids[*]',
    '$.build',
  ])('takes %s for an identifier, a moment or a process', (path) => {
    expect(isIdentifierPath(path)).toBe(true)
  })

  it.each([
    '$.price',
    '$.items[*].total',
    '$.valid',
    '$.paid',
    '$.item_count',
    '$.idea',
    '$.host.name',
    '$.format',
    'status',
    'header:location',
    'text',
    'size',
    'html:title',
  ])('compares %s by its value', (path) => {
    expect(isIdentifierPath(path)).toBe(false)
  })
})
