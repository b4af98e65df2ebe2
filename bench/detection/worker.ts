/** A worker of the study: runs one job after the other and sends what came out. */

import { parentPort } from 'node:worker_threads'
import { studyOf } from './studies/all.ts'
import type { Job } from './studies/study.ts'

parentPort?.on('message', (job: Job) => {
  parentPort?.postMessage(studyOf(job.study).run(job))
})
