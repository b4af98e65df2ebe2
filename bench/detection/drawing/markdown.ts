/** The study as Markdown: a section is a heading, a sentence and its tables. */

import type { Section, Table } from '../studies/study.ts'

export function writeMarkdown(sections: readonly Section[]): string {
  return sections
    .map(({ title, text, tables }) => [`## ${title}`, text, ...tables.map(writeTable)].join('\n\n'))
    .join('\n\n')
    .concat('\n')
}

function writeTable({ caption, columns, rows }: Table): string {
  return [
    `*${caption}*`,
    '',
    line(columns),
    line(columns.map((_, index) => (index === 0 ? '---' : '--:'))),
    ...rows.map(line),
  ].join('\n')
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}
