/**
 * How soon and how surely on real input: N probes in a row with the sessions of the real access log
 * against two nginx servers, one of which answers one path 30 ms late, and N of two equal servers.
 * Prints each run and the medians. Usage: node bench/detection/real-log.ts [N]
 */

import { probeNginx, readRealLog } from '../../test/support/real-log.ts'

const runs = Number(process.argv[2] ?? 20)
const log = await readRealLog()
const steps = log.profiles.reduce((sum, { behavioral_patterns: all }) => sum + all.length, 0)
console.log(
  `${log.profiles.length} profiles, ${steps} steps, rate 100 pairs/s, ${runs} runs of each`,
)

const detections: number[] = []
const proofs: number[] = []
for (let run = 1; run <= runs; run += 1) {
  const bad = await probeNginx({ log, delayedPath: '/', seed: 1 })
  const named = [...new Set(bad.findings.map((finding) => finding.action))]
  const first = bad.findings[0]?.detectedAt ?? Infinity
  const right = bad.verdict === 'regressed' && named.length === 1 && named[0] === 'home'
  detections.push(right ? first : Infinity)
  console.log(`${run} delayed: ${right ? 'right' : 'WRONG'}, ${first.toFixed(1)} s: ${bad.summary}`)

  const good = await probeNginx({ log, seed: 1 })
  const healthy = good.verdict === 'healthy' && good.findings.length === 0
  const proof = good.seconds - good.warmupSeconds
  proofs.push(healthy ? proof : Infinity)
  console.log(
    `${run} equal: ${healthy ? 'right' : 'WRONG'}, ${proof.toFixed(1)} s: ${good.summary}`,
  )
}
console.log(`detection after the warm-up: ${spread(detections)}`)
console.log(`proof after the warm-up: ${spread(proofs)}`)

function spread(seconds: readonly number[]): string {
  const sorted = seconds.toSorted((left, right) => left - right)
  const at = (share: number): string =>
    (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(1)
  const right = sorted.filter(Number.isFinite).length
  return `${right} of ${sorted.length} right, median ${at(0.5)} s, ${at(0)}–${at(1)} s`
}
