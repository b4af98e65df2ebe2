/**
 * Faker values in the place of personal data. Within one session the same value becomes the same
 * faker value, so that what belongs together still does; in another session it becomes another one.
 * The seed is an HMAC of session and value with the key of the import: when the key is gone, nobody
 * can find out by trying which value it was.
 */

import { faker } from '@faker-js/faker/locale/en'
import type { Pseudonyms } from '../pseudonyms.ts'
import type { PersonalKind } from './names.ts'

/** A value that was cut out, as far as it may still be known. */
export interface Hidden {
  readonly kind: PersonalKind
  /** Pseudonym of the value. */
  readonly token: string
  /** Characters, for values whose length is part of their form. */
  readonly length: number
}

/** @param session pseudonym of the session */
export function fakeOf({ kind, token, length }: Hidden, session: string, of: Pseudonyms): string {
  const seed = Buffer.from(of(`${session}\0${kind}\0${token}`), 'base64url').readUInt32LE(0)
  faker.seed(seed)
  return FAKES[kind](length)
}

const FAKES: Readonly<Record<PersonalKind, (length: number) => string>> = {
  email: () => faker.internet.exampleEmail().toLowerCase(),
  phone: () => faker.phone.number({ style: 'international' }),
  iban: () => faker.finance.iban(),
  card: () => faker.finance.creditCardNumber({ issuer: '4###-####-####-###L' }),
  // Blocks that are set aside for documents (RFC 5737), so that nobody is meant.
  ip: () => `203.0.113.${faker.number.int({ min: 1, max: 254 })}`,
  first_name: () => faker.person.firstName(),
  last_name: () => faker.person.lastName(),
  full_name: () => faker.person.fullName(),
  user_name: () => faker.internet.username().toLowerCase(),
  street: () => faker.location.streetAddress(),
  zip: () => faker.location.zipCode('#####'),
  birthday: () => faker.date.birthdate({ refDate: '2020-01-01' }).toISOString().slice(0, 10),
  secret: () => faker.string.alphanumeric(32),
  uuid: () => faker.string.uuid(),
  hex: (length) => faker.string.hexadecimal({ length, casing: 'lower', prefix: '' }),
}
