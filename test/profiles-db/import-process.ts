/** Imports profiles into a file and waits, with all of them set aside, to be killed or told to go on. */

import { openDatabase } from '../../profiles-db/open.ts'
import { createProfileStore } from '../../src/profiles/store.ts'
import { profileOf } from '../profiles/people.ts'

const [, , file = '', count = '0', waits = ''] = process.argv
const store = createProfileStore(openDatabase(file))

function* people(): Generator<ReturnType<typeof profileOf>> {
  for (let index = 0; index < Number(count); index += 1) {
    yield profileOf(`user-${index}`, { labels: [`label-${index % 7}`] })
  }
  process.stdout.write('all set aside\n')
  if (waits === 'waits') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

store.insert(people())
