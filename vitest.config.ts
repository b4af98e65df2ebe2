/**
 * Two projects. What holds whatever the machine does runs in two workers; what measures real traffic
 * runs after it, one file at a time, because a neighbour's load would be measured along with it.
 */

import { defineConfig } from 'vitest/config'

const MEASURES_REAL_TRAFFIC = ['test/process/**/*.test.ts', 'test/story/**/*.test.ts']

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'rooms',
          include: ['test/**/*.test.ts'],
          exclude: MEASURES_REAL_TRAFFIC,
          testTimeout: 20_000,
          hookTimeout: 20_000,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'real',
          include: MEASURES_REAL_TRAFFIC,
          testTimeout: 180_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
