/** All studies, by name. */

import { alarms } from './alarms.ts'
import { detection } from './detection.ts'
import { coverage } from './coverage.ts'
import { focus } from './focus.ts'
import { health } from './health.ts'
import { speed } from './speed.ts'
import type { Study } from './study.ts'

export const STUDIES: readonly Study[] = [alarms, detection, speed, health, coverage, focus]

/** @throws RangeError for a name that no study has */
export function studyOf(name: string): Study {
  const found = STUDIES.find((study) => study.name === name)
  if (found !== undefined) return found
  throw new RangeError(`No study "${name}": there are ${STUDIES.map((one) => one.name).join(', ')}`)
}
