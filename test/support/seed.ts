/**
 * Gives the property tests one seed, so that a run says the same thing twice.
 * `OUTRIDER_TEST_SEED=7 npm test` looks elsewhere.
 */

import { configureGlobal } from 'fast-check'

configureGlobal({ seed: Number(process.env['OUTRIDER_TEST_SEED'] ?? 20_261) })
