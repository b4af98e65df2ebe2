/** How a profile's device and place show in its requests. */

import type { DeviceType, Profile } from '../core/contract/profile.ts'
import { hash53 } from '../core/random.ts'
import type { Ontology } from './ontology.ts'

const WEBKIT = 'AppleWebKit/537.36 (KHTML, like Gecko)'
const SAFARI = 'AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6'
const IOS_SAFARI = `${SAFARI} Mobile/15E148 Safari/604.1`

/** Browsers of each device as they call themselves; the user's id fixes which one a user has. */
const USER_AGENTS: Readonly<Record<DeviceType, readonly string[]>> = {
  mobile: [
    `Mozilla/5.0 (Linux; Android 10; K) ${WEBKIT} Chrome/142.0.0.0 Mobile Safari/537.36`,
    `Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) ${IOS_SAFARI}`,
  ],
  desktop: [
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/142.0.0.0 Safari/537.36`,
    `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${SAFARI} Safari/605.1.15`,
    'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
  ],
  tablet: [`Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) ${IOS_SAFARI}`],
  tv: [`Mozilla/5.0 (SMART-TV; Linux; Tizen 8.0) ${WEBKIT} Chrome/108.0.5359.1 TV Safari/537.36`],
  bot: ['Mozilla/5.0 (compatible; OutriderBot/1.0)'],
  other: ['Outrider/1.0'],
}

/** Parts of countries where another language is spoken than CLDR gives for the whole country. */
const LANGUAGE_OF_SUBDIVISION: Readonly<Record<string, string>> = {
  'BE-WAL': 'fr',
  'CA-QC': 'fr',
  'CH-GE': 'fr',
  'CH-NE': 'fr',
  'CH-TI': 'it',
  'CH-VD': 'fr',
}

/** `ZZ`: the place is not known. */
const UNKNOWN_COUNTRY = 'ZZ'

/** Flat `name, value, …`, the same for every request of a profile; each header can be off. */
export function identityHeaders(ontology: Ontology, profile: Profile): string[] {
  const { identity } = ontology.document
  const headers: string[] = []
  if (identity.user_agent === 'by_device') {
    const agents = USER_AGENTS[profile.device_type]
    const agent = agents[hash53(0, profile.user_id) % agents.length]
    if (agent !== undefined) headers.push('user-agent', agent)
  }
  if (identity.accept_language === 'by_geo') {
    headers.push('accept-language', acceptLanguage(profile.geo_location))
  }
  const country = countryOf(profile.geo_location)
  if (identity.geo_header !== 'off' && country !== UNKNOWN_COUNTRY) {
    headers.push(identity.geo_header.toLowerCase(), country)
  }
  return headers
}

/** The country's likely language (Unicode CLDR, likely subtags), then English. */
function acceptLanguage(geoLocation: string): string {
  const country = countryOf(geoLocation)
  if (country === UNKNOWN_COUNTRY) return 'en'
  const language = LANGUAGE_OF_SUBDIVISION[geoLocation] ?? languageOf(country)
  const tags = `${language}-${country},${language};q=0.9`
  return language === 'en' ? tags : `${tags},en;q=0.8`
}

/** Asked once per country, because a locale costs more than the rest of a request's headers. */
const languages = new Map<string, string>()

function languageOf(country: string): string {
  const known = languages.get(country)
  if (known !== undefined) return known
  const { language } = new Intl.Locale(`und-${country}`).maximize()
  languages.set(country, language)
  return language
}

function countryOf(geoLocation: string): string {
  return geoLocation.slice(0, 2)
}
