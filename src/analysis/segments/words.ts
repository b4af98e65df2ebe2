/** Whom a finding affects, as the end of a sentence. */

import type { Finding } from '../../core/contract/report.ts'

const AFFECTED: Readonly<Record<string, string>> = {
  action: 'in',
  device: 'on',
  geo: 'in',
  label: 'for',
  prev: 'after',
  size: 'at size',
  load: 'at load',
}

/** `, only on mobile in US`; empty where no segment explains the finding. */
export function affectedWords(segment: Finding['segment']): string {
  const parts = Object.entries(segment ?? {}).map(
    ([dimension, value]) => `${AFFECTED[dimension] ?? `with ${dimension}`} ${value}`,
  )
  return parts.length === 0 ? '' : `, only ${parts.join(' ')}`
}
