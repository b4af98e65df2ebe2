/**
 * Four projects, one after the other. What holds whatever the machine does runs side by side: first
 * the rooms, then whole programs, which wait for each other more than they compute, then the stories
 * of rollouts, whose stages take their time whatever the load. What measures small differences of
 * real traffic runs last, one file at a time, because a neighbour's load would be measured along
 * with it.
 */

import { defineConfig } from 'vitest/config'

const REAL_PARTS = ['test/process/**/*.test.ts', 'test/story/**/*.test.ts']
const MEASURES_NOTHING = [
  'test/story/dashboard/**/*.test.ts',
  'test/story/cli/**/*.test.ts',
  'test/story/api/rollout.test.ts',
  'test/process/alerts.test.ts',
  'test/process/routers.test.ts',
  'test/process/rollout/{bad-input,database-full,faults,kills}.test.ts',
]

const TAKES_ITS_TIME = [
  'test/story/demo/**/*.test.ts',
  'test/story/api/pipeline.test.ts',
  'test/process/rollout-twins.test.ts',
  'test/process/rollout/real-log-rollout.test.ts',
]

/**
 * A shared machine can take a second away from any process, so where a failure would stop a
 * submission a test gets a second try, and the count names it. At a desk the first failure stands.
 */
const EVERYWHERE = {
  setupFiles: ['test/support/seed.ts'],
  retry: process.env['CI'] === 'true' ? 1 : 0,
}

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...EVERYWHERE,
          name: 'rooms',
          include: ['test/**/*.test.ts'],
          exclude: REAL_PARTS,
          testTimeout: 20_000,
          hookTimeout: 20_000,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...EVERYWHERE,
          name: 'programs',
          include: MEASURES_NOTHING,
          testTimeout: 180_000,
          hookTimeout: 60_000,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...EVERYWHERE,
          name: 'rollouts',
          include: TAKES_ITS_TIME,
          testTimeout: 240_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...EVERYWHERE,
          name: 'real',
          include: REAL_PARTS,
          exclude: [...MEASURES_NOTHING, ...TAKES_ITS_TIME],
          testTimeout: 180_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
})
