/**
 * The crash test of rollouts for as long as one likes: controllers over a real HAProxy with live
 * users are killed N times, HAProxy with every fifth, and everything they leave is checked.
 * Usage: node bench/rollout/soak.ts [N [SEED]]; exits with 1 if anything was not as it must be.
 */

import { killControllers } from '../../test/process/rollout/support-kills.ts'
import { verdictOf } from '../../test/process/rollout/support-summary.ts'

const kills = Number(process.argv[2] ?? 300)
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000)
console.log(`${kills} kills, seed ${seed}`)
const summary = await killControllers({ kills, seed, log: (line) => console.log(line) })
const { sentence, problems } = verdictOf(summary)
for (const problem of problems) console.log(problem)
console.log(sentence)
process.exitCode = problems.length === 0 ? 0 : 1
