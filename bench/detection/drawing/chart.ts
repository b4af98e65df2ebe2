/** Charts as SVG text: bars with standard errors, and shares that grow over logarithmic seconds. */

import type { BarChart, Chart, CurveChart } from '../studies/study.ts'

const WIDTH = 860
const LEFT = 250
const RIGHT = 150
const ROW = 22
const CURVES_HEIGHT = 360
const PADDING = 34
/** Distinguishable without red and green; ours are drawn thicker as well. */
const COLOURS = ['#1a5fd0', '#b3560a', '#2f7d4f', '#8a3ffc', '#a11d5b', '#4d6470', '#8a6d00']

export function drawChart(chart: Chart): string {
  return chart.kind === 'bars' ? drawBars(chart) : drawCurves(chart)
}

function drawBars({ title, bars, limit }: BarChart): string {
  const height = 2 * PADDING + ROW * bars.length
  const most = Math.max(0.02, ...bars.map(({ share, se }) => Math.min(1, share + 2 * se)))
  const x = (share: number): number =>
    LEFT + (Math.min(share, most) / most) * (WIDTH - LEFT - RIGHT)
  const rows = bars.map(({ name, share, se }, index) => {
    const y = PADDING + ROW * index
    const [low, high] = [x(Math.max(0, share - se)), x(share + se)].map(places)
    const middle = y + ROW / 2
    return [
      `<text x="${LEFT - 8}" y="${middle + 4}" text-anchor="end">${escape(name)}</text>`,
      `<rect x="${LEFT}" y="${y + 4}" width="${places(x(share) - LEFT)}" height="${ROW - 8}" fill="${colourOf(name, index)}"/>`,
      `<path d="M${low} ${middle}H${high}" class="error"/>`,
      `<text x="${WIDTH - RIGHT + 8}" y="${middle + 4}">${percent(share)} ± ${percent(se)}</text>`,
    ].join('')
  })
  const line =
    limit === undefined || limit > most
      ? ''
      : `<path class="limit" d="M${places(x(limit))} ${PADDING - 6}V${height - PADDING + 6}"/>`
  return svg(title, height, rows.join('\n') + line)
}

function drawCurves({ title, curves, endSeconds }: CurveChart): string {
  const first = 5
  const height = CURVES_HEIGHT + 2 * PADDING
  const [left, right] = [50, 260]
  const x = (seconds: number): number =>
    left +
    (Math.log(Math.max(first, seconds) / first) / Math.log(endSeconds / first)) *
      (WIDTH - left - right)
  const y = (share: number): number => PADDING + (1 - share) * CURVES_HEIGHT
  const ticks = [5, 10, 20, 60, 120, 300, 600, 1800].filter((tick) => tick <= endSeconds)
  const grid = [
    ...ticks.map(
      (tick) =>
        `<path class="grid" d="M${places(x(tick))} ${PADDING}V${PADDING + CURVES_HEIGHT}"/>` +
        `<text x="${places(x(tick))}" y="${PADDING + CURVES_HEIGHT + 18}" text-anchor="middle">${tick} s</text>`,
    ),
    ...[0, 0.25, 0.5, 0.75, 1].map(
      (share) =>
        `<path class="grid" d="M${left} ${y(share)}H${WIDTH - right}"/>` +
        `<text x="${left - 6}" y="${y(share) + 4}" text-anchor="end">${100 * share} %</text>`,
    ),
  ]
  const drawn = curves.map(({ name, seconds }, index) => {
    const sorted = seconds.filter(Number.isFinite).toSorted((one, other) => one - other)
    const steps = sorted.map(
      (at, rank) => `H${places(x(at))}V${places(y((rank + 1) / seconds.length))}`,
    )
    const width = name.startsWith('ours') ? 3 : 1.5
    const labelY = PADDING + 12 + 18 * index
    return (
      `<path fill="none" stroke="${colourOf(name, index)}" stroke-width="${width}"${dashOf(index)} ` +
      `d="M${left} ${y(0)}${steps.join('')}H${WIDTH - right}"/>` +
      `<path stroke="${colourOf(name, index)}" stroke-width="${width}"${dashOf(index)} d="M${WIDTH - right + 10} ${labelY - 4}h22"/>` +
      `<text x="${WIDTH - right + 38}" y="${labelY}">${escape(name)}</text>`
    )
  })
  const needed = Math.max(height, PADDING + 18 * (curves.length + 1))
  return svg(title, needed, [...grid, ...drawn].join('\n'))
}

function svg(title: string, height: number, content: string): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">` +
    `<title>${escape(title)}</title>\n` +
    `<text x="0" y="16" class="title">${escape(title)}</text>\n${content}\n</svg>`
  )
}

function colourOf(name: string, index: number): string {
  if (name.startsWith('ours')) return COLOURS[0] ?? ''
  return COLOURS[1 + (index % (COLOURS.length - 1))] ?? ''
}

/** Colour alone tells nobody who cannot see it. */
function dashOf(index: number): string {
  const dashes = [
    '',
    ' stroke-dasharray="6 3"',
    ' stroke-dasharray="2 3"',
    ' stroke-dasharray="9 3 2 3"',
  ]
  return dashes[index % dashes.length] ?? ''
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

function places(value: number): string {
  return value.toFixed(1)
}

export function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
