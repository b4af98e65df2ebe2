/** The study as one HTML page that needs nothing else: tables and charts. */

import type { Section, Table } from '../studies/study.ts'
import { drawChart, escape } from './chart.ts'

const STYLE = `
:root { color-scheme: light dark; --ink: #1b2430; --line: #c9d1da; --paper: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ebf1; --line: #3b4653; --paper: #12171d; } }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 1rem 0; }
caption { text-align: left; font-style: italic; padding-bottom: .3rem; }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .6rem; text-align: right; }
th:first-child, td:first-child { text-align: left; white-space: nowrap; }
svg { max-width: 860px; width: 100%; display: block; margin: 1.5rem 0; }
svg text { font: 12px system-ui, sans-serif; fill: var(--ink); }
svg .title { font-weight: 600; font-size: 14px; }
svg .grid { stroke: var(--line); } svg .error { stroke: var(--ink); stroke-width: 1.5; }
svg .limit { stroke: var(--ink); stroke-dasharray: 4 3; }
`

export function writePage(sections: readonly Section[]): string {
  const body = sections.map(
    ({ title, text, tables, charts }) =>
      `<section><h2>${escape(title)}</h2><p>${escape(text)}</p>\n` +
      `${tables.map(writeTable).join('\n')}\n${charts.map(drawChart).join('\n')}</section>`,
  )
  return (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">' +
    '<meta name="viewport" content="width=device-width">' +
    `<title>How soon and how surely</title><style>${STYLE}</style></head><body>\n` +
    `<h1>How soon and how surely</h1>\n${body.join('\n')}\n</body></html>\n`
  )
}

function writeTable({ caption, columns, rows }: Table): string {
  return (
    `<div class="wide"><table><caption>${escape(caption)}</caption><thead>${row(columns, 'th')}` +
    `</thead><tbody>${rows.map((cells) => row(cells, 'td')).join('\n')}</tbody></table></div>`
  )
}

function row(cells: readonly string[], tag: 'td' | 'th'): string {
  return `<tr>${cells.map((cell) => `<${tag}>${escape(cell)}</${tag}>`).join('')}</tr>`
}
