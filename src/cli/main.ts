/** The command line: finds the verb, runs it, and ends with its exit code. */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Command, CommanderError } from 'commander'
import { escapeControls } from '../report/escape.ts'
import { actionsCheck } from './commands/actions/check.ts'
import { actionsImport } from './commands/actions/import.ts'
import { analyze } from './commands/analyze.ts'
import { demo } from './commands/demo.ts'
import { generate } from './commands/generate.ts'
import { init } from './commands/init.ts'
import { plan } from './commands/plan.ts'
import { probe } from './commands/probe.ts'
import { profilesDescribe } from './commands/profiles/describe.ts'
import { profilesImport } from './commands/profiles/import.ts'
import { profilesList } from './commands/profiles/list.ts'
import { profilesSynthesize } from './commands/profiles/synthesize.ts'
import { record } from './commands/record.ts'
import { rolloutAbort } from './commands/rollout/abort.ts'
import { rolloutFinalize } from './commands/rollout/finalize.ts'
import { rolloutList } from './commands/rollout/list.ts'
import { rolloutPause } from './commands/rollout/pause.ts'
import { rolloutPromote } from './commands/rollout/promote.ts'
import { rolloutResume } from './commands/rollout/resume.ts'
import { rolloutStart } from './commands/rollout/start.ts'
import { rolloutStatus } from './commands/rollout/status.ts'
import { rolloutWhy } from './commands/rollout/why.ts'
import { routerCheck } from './commands/router/check.ts'
import { routerGet } from './commands/router/get.ts'
import { routerSet } from './commands/router/set.ts'
import { serve } from './commands/serve.ts'
import { EXIT } from './exit.ts'
import { renderFailure } from './failure.ts'
import { createFlags } from './flags.ts'
import { groupHelp, rootHelp } from './help.ts'
import { createTerminal } from './terminal.ts'
import { unknownVerb, wrongFlag } from './usage.ts'
import { COMMON_FLAGS, REPEATABLE_FLAGS, type Verb } from './verb.ts'

export const VERBS: readonly Verb[] = [
  init,
  probe,
  plan,
  generate,
  analyze,
  rolloutStart,
  rolloutStatus,
  rolloutWhy,
  rolloutList,
  rolloutPromote,
  rolloutPause,
  rolloutResume,
  rolloutAbort,
  rolloutFinalize,
  serve,
  demo,
  record,
  profilesImport,
  profilesSynthesize,
  profilesList,
  profilesDescribe,
  actionsCheck,
  actionsImport,
  routerCheck,
  routerGet,
  routerSet,
]

/** Runs one command and sets the exit code of the process; what is printed is flushed by its end. */
export async function main(argv: readonly string[]): Promise<void> {
  const noColour = argv.includes('--no-color')
  const terminal = createTerminal(process, process.env, noColour)
  try {
    process.exitCode = await dispatch(argv, terminal)
  } catch (thrown) {
    const debug = process.env['OUTRIDER_DEBUG'] === '1'
    terminal.err(renderFailure(thrown, terminal.errStyle, debug))
    process.exitCode = EXIT.wrongUse
  }
}

type Terminal = ReturnType<typeof createTerminal>

async function dispatch(argv: readonly string[], terminal: Terminal): Promise<number> {
  const [first] = argv
  if (first === undefined) {
    // Nothing was checked, so this must not look like a pass to a script.
    terminal.err(rootHelp(VERBS))
    return EXIT.wrongUse
  }
  if (first === '--help' || first === '-h' || (first === 'help' && argv.length === 1)) {
    terminal.out(rootHelp(VERBS))
    return EXIT.healthy
  }
  if (first === '--version' || first === '-V') {
    terminal.out(`outrider ${ownVersion()}\n`)
    return EXIT.healthy
  }
  const words = argv[0] === 'help' ? argv.slice(1) : argv
  const verb = findVerb(words)
  if (verb === undefined) return withoutVerb(words, terminal)
  const rest = words.slice(verb.name.split(' ').length)
  if (argv[0] === 'help' || rest.includes('--help') || rest.includes('-h')) {
    terminal.out(verb.help)
    return EXIT.healthy
  }
  return runVerb(verb, rest, terminal)
}

function withoutVerb(words: readonly string[], terminal: Terminal): number {
  const given = words.slice(0, 2).filter((word) => !word.startsWith('-'))
  const [group] = given
  const inGroup = VERBS.filter((verb) => verb.name.startsWith(`${group} `))
  if (inGroup.length === 0 || group === undefined || given.length > 1) {
    throw unknownVerb(given.length === 0 ? words.slice(0, 1) : given, VERBS)
  }
  const asked = words.includes('--help') || words.includes('-h')
  const text = groupHelp(group, inGroup)
  if (asked) terminal.out(text)
  else terminal.err(text)
  return asked ? EXIT.healthy : EXIT.wrongUse
}

function findVerb(words: readonly string[]): Verb | undefined {
  return VERBS.find((verb) => {
    const parts = verb.name.split(' ')
    return parts.every((part, index) => words[index] === part)
  })
}

async function runVerb(verb: Verb, rest: readonly string[], terminal: Terminal): Promise<number> {
  const command = new Command(verb.name)
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {} })
    .helpOption(false)
    .allowExcessArguments(false)
  for (const flag of [...verb.flags, ...COMMON_FLAGS]) {
    if (REPEATABLE_FLAGS.has(flag)) command.option(flag, '', collect)
    else command.option(flag)
  }
  for (const argument of verb.args) command.argument(argument)
  try {
    command.parse(rest, { from: 'user' })
  } catch (thrown) {
    if (thrown instanceof CommanderError) throw wrongFlag(thrown, verb)
    throw thrown
  }
  return verb.run({
    args: command.args,
    flags: createFlags(command.opts()),
    terminal,
    cwd: process.cwd(),
    environment: process.env,
  })
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

function ownVersion(): string {
  const file = fileURLToPath(import.meta.resolve('outrider/package.json'))
  const content: unknown = JSON.parse(readFileSync(file, 'utf8'))
  const version =
    typeof content === 'object' && content !== null ? Reflect.get(content, 'version') : undefined
  return escapeControls(String(version))
}
