/** Flag values: text from the command line becomes numbers, seconds, shares and lists, or an error. */

import { addressFault } from '../core/contract/target.ts'
import { UsageError } from '../core/errors.ts'
import { suggest } from '../core/suggest.ts'
import { parseDurationSeconds, parseShare } from '../core/units.ts'

type FlagName = `--${string}`

export interface NumberRange {
  readonly min: number
  readonly max?: number
  readonly integer?: boolean
}

export interface Flags {
  has(flag: FlagName): boolean
  text(flag: FlagName): string | undefined
  number(flag: FlagName, range: NumberRange): number | undefined
  seconds(flag: FlagName): number | undefined
  /** `auto` or a duration in seconds. */
  autoSeconds(flag: FlagName): 'auto' | number | undefined
  oneOf<Value extends string>(flag: FlagName, values: readonly Value[]): Value | undefined
  list(flag: FlagName): string[] | undefined
  /** An http:// or https:// address. */
  url(flag: FlagName): string | undefined
  /** The address of an arm: an http(s) one, or a unix socket. */
  address(flag: FlagName): string | undefined
  /** All values of a flag that may be given again. */
  all(flag: FlagName): readonly string[]
  /** `errors=0.1pp,latency_typical=10%` */
  shares<Key extends string>(
    flag: FlagName,
    keys: readonly Key[],
    notBuilt: readonly string[],
  ): Partial<Record<Key, number>> | undefined
}

/** @param values what the argument parser found, by camelCase name */
export function createFlags(values: Readonly<Record<string, unknown>>): Flags {
  const text = (flag: FlagName): string | undefined => {
    const value = values[camelCase(flag)]
    return typeof value === 'string' ? value : undefined
  }
  const seconds = (flag: FlagName): number | undefined => {
    const value = text(flag)
    return value === undefined ? undefined : parseDurationSeconds(value, flag)
  }
  return {
    text,
    seconds,
    has: (flag) => values[camelCase(flag)] !== undefined && values[camelCase(flag)] !== false,
    number: (flag, range) => withValue(text(flag), (value) => toNumber(value, flag, range)),
    autoSeconds: (flag) => (text(flag) === 'auto' ? 'auto' : seconds(flag)),
    oneOf: (flag, allowed) => withValue(text(flag), (value) => toOneOf(value, flag, allowed)),
    list: (flag) => withValue(text(flag), (value) => toList(value, flag)),
    url: (flag) => withValue(text(flag), (value) => toUrl(value, flag)),
    address: (flag) => withValue(text(flag), (value) => toAddress(value, flag)),
    all: (flag) => {
      const value = values[camelCase(flag)]
      return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
    },
    shares: (flag, keys, notBuilt) =>
      withValue(text(flag), (value) => toShares(value, flag, keys, notBuilt)),
  }
}

export function camelCase(flag: FlagName): string {
  return flag.slice(2).replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}

/** The refusal of what the contract names and this version does not have. */
export function notBuilt(what: string): UsageError {
  return new UsageError(`${what} is not built in this version`, {
    code: 'not-built',
    where: what,
    mend: 'outrider --help lists what is there',
  })
}

function withValue<Value>(
  text: string | undefined,
  parse: (text: string) => Value,
): Value | undefined {
  return text === undefined ? undefined : parse(text)
}

function toNumber(text: string, flag: FlagName, range: NumberRange): number {
  const value = Number(text)
  const { min, max = Number.MAX_SAFE_INTEGER, integer = false } = range
  const fits = text.trim() !== '' && value >= min && value <= max
  if (fits && (!integer || Number.isInteger(value))) return value
  const kind = integer ? 'a whole number' : 'a number'
  const upper = range.max === undefined ? `of at least ${min}` : `from ${min} to ${max}`
  throw wrongValue(flag, text, `write ${kind} ${upper}`)
}

function toOneOf<Value extends string>(
  text: string,
  flag: FlagName,
  allowed: readonly Value[],
): Value {
  const found = allowed.find((value) => value === text)
  if (found !== undefined) return found
  throw wrongValue(flag, text, suggest(text, allowed))
}

function toList(text: string, flag: FlagName): string[] {
  const parts = text.split(',').map((part) => part.trim())
  if (parts.every((part) => part !== '')) return parts
  throw wrongValue(flag, text, 'write it like a,b without empty parts')
}

function toUrl(text: string, flag: FlagName): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return text
  throw wrongValue(flag, text, 'write an http:// or https:// address')
}

function toAddress(text: string, flag: FlagName): string {
  const fault = addressFault(text)
  if (fault === undefined) return text
  const shown = fault.isShown ? `"${text}"` : 'its value'
  throw new UsageError(`Cannot read ${flag}: ${shown} ${fault.why}`, {
    code: 'bad-flag',
    where: flag,
    mend: fault.mend,
  })
}

function toShares<Key extends string>(
  text: string,
  flag: FlagName,
  keys: readonly Key[],
  later: readonly string[],
): Partial<Record<Key, number>> {
  const shares: Partial<Record<Key, number>> = {}
  for (const part of toList(text, flag)) {
    const [name = '', share] = part.split('=', 2)
    const key = keys.find((candidate) => candidate === name)
    if (key === undefined) {
      if (later.includes(name)) throw notBuilt(`${flag} ${name}`)
      throw wrongValue(flag, part, suggest(name, keys))
    }
    if (share === undefined) throw wrongValue(flag, part, `write it like ${key}=10%`)
    shares[key] = parseShare(share, flag)
  }
  return shares
}

function wrongValue(flag: FlagName, text: string, mend: string): UsageError {
  return new UsageError(`Cannot read ${flag}: "${text}" is not a value for it`, {
    code: 'bad-flag',
    where: flag,
    mend,
  })
}
